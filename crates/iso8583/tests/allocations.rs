//! Decoding allocates nothing, whatever the encodings of the dialect.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../benches/sample.rs"]
mod sample;

#[test]
fn decoding_allocates_nothing() {
    for dialect in [sample::ascii(), sample::packed()] {
        let bytes = sample::request().encode(&dialect).unwrap();
        let allocations = allocation_counter::measure(|| {
            let message = dialect.decode(&bytes).unwrap();
            assert_eq!(sample::FIELDS.map(|(de, _)| message.has(de)), [true; 20]);
            assert_eq!(message.value(4).unwrap().number(), Some(12_345));
            assert!(message.values().count() == 20 && message.range(49).is_some());
        });
        assert_eq!(allocations.count_total, 0, "{dialect:?}");
        // The counter counts: writing does allocate.
        assert!(allocation_counter::measure(|| drop(sample::request().encode(&dialect))).count_total > 0);
    }
}

/// What the comparison of codecs relies on.
#[test]
fn the_sample_is_as_long_as_it_says() {
    let lengths = [sample::ascii(), sample::packed()].map(|dialect| {
        let bytes = sample::request().encode(&dialect).unwrap();
        assert!(sample::floor_of_text(&bytes, &mut [0; 1024]).1 > 0);
        assert!(sample::floor_of_packed(&bytes, &mut [0; 1024]).1 > 0);
        bytes.len()
    });
    assert_eq!((lengths, sample::MTI), ([236, 164], "0100"));
}
