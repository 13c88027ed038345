//! Nanoseconds and allocations of decoding and encoding one message of 20 data elements: `make codec-bench`.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use divan::{AllocProfiler, Bencher, black_box};
use iso8583::{Builder, Dialect};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    // Many repeats per sample: the clock is coarser than a message.
    divan::Divan::default().sample_size(2000).sample_count(100).config_with_args().main();
}

fn decode(bencher: Bencher<'_, '_>, dialect: &Dialect) {
    let bytes = sample::request().encode(dialect).unwrap();
    bencher.bench_local(|| black_box(dialect.decode(black_box(&bytes)).is_ok()));
}

fn encode(bencher: Bencher<'_, '_>, dialect: &Dialect) {
    let (request, mut out) = (sample::request(), Vec::with_capacity(1024));
    bencher.bench_local(|| {
        out.clear();
        black_box(black_box(&request).encode_into(dialect, &mut out).is_ok())
    });
}

/// Decodes a request and writes the reply to it, as a gateway does.
fn reply(bencher: Bencher<'_, '_>, dialect: &Dialect) {
    let (bytes, mut out) = (sample::request().encode(dialect).unwrap(), Vec::with_capacity(1024));
    bencher.bench_local(|| {
        let request = dialect.decode(black_box(&bytes)).unwrap();
        out.clear();
        let reply =
            [3, 4, 7, 11, 37, 41, 42, 49].into_iter().fold(Builder::reply_to(&request), |reply, de| {
                reply.set(de, request.text(de).unwrap_or_default())
            });
        black_box(reply.set(39, "00").encode_into(dialect, &mut out).is_ok())
    });
}

fn to_bytes(bencher: Bencher<'_, '_>, dialect: &Dialect) {
    let bytes = sample::request().encode(dialect).unwrap();
    let message = dialect.decode(&bytes).unwrap();
    bencher.bench_local(|| black_box(black_box(&message).to_bytes().len()));
}

/// Hexadecimal bitmap, ASCII digits.
mod ascii {
    use super::{Bencher, black_box, sample};

    #[divan::bench]
    fn a_floor(bencher: Bencher<'_, '_>) {
        let (bytes, mut copy) = (sample::request().encode(&sample::ascii()).unwrap(), [0; 1024]);
        bencher.bench_local(|| black_box(sample::floor_of_text(black_box(&bytes), &mut copy)));
    }

    #[divan::bench]
    fn b_decode(bencher: Bencher<'_, '_>) {
        super::decode(bencher, &sample::ascii());
    }

    #[divan::bench]
    fn c_encode(bencher: Bencher<'_, '_>) {
        super::encode(bencher, &sample::ascii());
    }

    #[divan::bench]
    fn d_decode_and_reply(bencher: Bencher<'_, '_>) {
        super::reply(bencher, &sample::ascii());
    }

    #[divan::bench]
    fn e_to_bytes(bencher: Bencher<'_, '_>) {
        super::to_bytes(bencher, &sample::ascii());
    }
}

/// Binary bitmap, packed digits.
mod packed {
    use super::{Bencher, black_box, sample};

    #[divan::bench]
    fn a_floor(bencher: Bencher<'_, '_>) {
        let (bytes, mut copy) = (sample::request().encode(&sample::packed()).unwrap(), [0; 1024]);
        bencher.bench_local(|| black_box(sample::floor_of_packed(black_box(&bytes), &mut copy)));
    }

    #[divan::bench]
    fn b_decode(bencher: Bencher<'_, '_>) {
        super::decode(bencher, &sample::packed());
    }

    #[divan::bench]
    fn c_encode(bencher: Bencher<'_, '_>) {
        super::encode(bencher, &sample::packed());
    }

    #[divan::bench]
    fn d_decode_and_reply(bencher: Bencher<'_, '_>) {
        super::reply(bencher, &sample::packed());
    }

    #[divan::bench]
    fn e_to_bytes(bencher: Bencher<'_, '_>) {
        super::to_bytes(bencher, &sample::packed());
    }
}
