//! Any bytes in any dialect: an error, or a message that answers every question.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((dialect, bytes)) = fuzz::chosen(input) else { return };
    match dialect.decode(bytes) {
        Ok(message) => fuzz::walk(&message),
        Err(error) => {
            let _ = format!("{error} {error:?}");
            assert!(error.offset() <= bytes.len(), "{error}");
            let (partial, again) = dialect.decode_partial(bytes);
            assert_eq!(Some(error), again);
            partial.iter().for_each(fuzz::walk);
        }
    }
});
