//! Our codec beside other Rust crates on one message of 20 data elements, in one run: `make codec-bench`.
//!
//! What each does differs. Ours checks the characters of every value, its lengths and the end of the message;
//! i8583 cuts the message into slices and checks lengths only; iso8583-codec-rs makes a JSON object.

#[path = "../../crates/iso8583/benches/sample.rs"]
mod sample;

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use serde_json::json;

fn main() {
    divan::Divan::default().sample_size(1000).sample_count(100).config_with_args().main();
}

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| sample::request().encode(&sample::ascii()).unwrap());

/// A specification with nothing but the data elements of the sample; `packed` as our packed dialect.
fn specification(packed: bool) -> iso8583_codec_rs::field_spec::LoadedSpec {
    let digits = if packed { "bcd" } else { "ascii" };
    let field = |(de, value): &(u8, &str)| {
        let variable = match de {
            2 | 32 | 35 => "LLVAR",
            48 => "LLLVAR",
            _ => "fixed",
        };
        let text = matches!(de, 37..=49) || (packed && *de == 35);
        json!({
            "de": de, "name": format!("f{de}"), "label": "", "type": if text { "string" } else { "numeric" },
            "length": if variable == "fixed" { value.len() } else { 99 }, "prefix": variable,
            "encoding": if text { "ascii" } else { digits }, "padding": { "side": "none" },
        })
    };
    let fields: Vec<_> = sample::FIELDS.iter().map(field).collect();
    let defaults = json!({
        "encoding": "ascii", "prefix_encoding": digits, "mti_encoding": digits,
        "bitmap_encoding": if packed { "binary" } else { "hex" },
    });
    let text =
        json!({ "version": "1987", "defaults": defaults, "mti_rules": [], "fields": fields }).to_string();
    iso8583_codec_rs::load_spec(&text).unwrap()
}

mod decode_ascii {
    use super::*;

    #[divan::bench]
    fn a_floor(bencher: Bencher) {
        let mut copy = [0; 1024];
        bencher.bench_local(|| black_box(sample::floor_of_text(black_box(&BYTES), &mut copy)));
    }

    #[divan::bench]
    fn b_ours(bencher: Bencher) {
        let dialect = sample::ascii();
        bencher.bench_local(|| black_box(dialect.decode(black_box(&BYTES)).is_ok()));
    }

    #[divan::bench]
    fn c_i8583(bencher: Bencher) {
        bencher.bench_local(|| {
            let mut unpacker = i8583::Unpacker::new(black_box(&BYTES));
            let fields = unpacker.unpack(&i8583::v1987::SPEC).unwrap();
            black_box(fields.iter().flatten().count())
        });
    }

    #[divan::bench]
    fn d_iso8583_codec_rs(bencher: Bencher) {
        let specification = specification(false);
        bencher.bench_local(|| {
            iso8583_codec_rs::iso8583::parse_bytes(black_box(&BYTES), &specification).unwrap()
        });
    }
}

mod decode_packed {
    use super::*;

    #[divan::bench]
    fn a_floor(bencher: Bencher) {
        let (bytes, mut copy) = (sample::request().encode(&sample::packed()).unwrap(), [0; 1024]);
        bencher.bench_local(|| black_box(sample::floor_of_packed(black_box(&bytes), &mut copy)));
    }

    #[divan::bench]
    fn b_ours(bencher: Bencher) {
        let dialect = sample::packed();
        let bytes = sample::request().encode(&dialect).unwrap();
        bencher.bench_local(|| black_box(dialect.decode(black_box(&bytes)).is_ok()));
    }

    /// Track 2 as characters, which it cannot pack.
    #[divan::bench]
    fn d_iso8583_codec_rs(bencher: Bencher) {
        let specification = specification(true);
        let fields: serde_json::Map<_, _> =
            sample::FIELDS.iter().map(|(de, value)| (format!("de{de:03}_f{de}"), json!(value))).collect();
        let message = json!({ "mti": sample::MTI, "fields": fields });
        let bytes = iso8583_codec_rs::iso8583::publish_bytes(&message, &specification).unwrap();
        bencher.bench_local(|| {
            iso8583_codec_rs::iso8583::parse_bytes(black_box(&bytes), &specification).unwrap()
        });
    }
}

mod encode_ascii {
    use super::*;

    #[divan::bench]
    fn b_ours(bencher: Bencher) {
        let (dialect, request) = (sample::ascii(), sample::request());
        bencher.bench_local(|| black_box(black_box(&request).encode(&dialect).unwrap().len()));
    }

    #[divan::bench]
    fn c_i8583(bencher: Bencher) {
        let mut packer = i8583::Packer::new(&i8583::v1987::SPEC);
        packer.set_field(0, sample::MTI.as_bytes().into()).unwrap();
        sample::FIELDS.iter().for_each(|(de, value)| {
            packer.set_field(usize::from(*de), value.as_bytes().into()).unwrap();
        });
        assert_eq!(packer.pack(Vec::new()).unwrap(), *BYTES);
        bencher.bench_local(|| black_box(packer.pack(Vec::with_capacity(256)).unwrap().len()));
    }

    #[divan::bench]
    fn d_iso8583_codec_rs(bencher: Bencher) {
        let specification = specification(false);
        let message = iso8583_codec_rs::iso8583::parse_bytes(&BYTES, &specification).unwrap();
        assert_eq!(iso8583_codec_rs::iso8583::publish_bytes(&message, &specification).unwrap(), *BYTES);
        bencher.bench_local(|| {
            iso8583_codec_rs::iso8583::publish_bytes(black_box(&message), &specification).unwrap().len()
        });
    }
}
