//! Any text as a dialect file; with one that is right any bytes are decoded. A zero byte separates the two.

#![no_main]

use iso8583::Dialect;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (file, bytes) = match input.iter().position(|byte| *byte == 0) {
        Some(zero) => (&input[..zero], &input[zero + 1..]),
        None => (input, &b"0100C00000000000000100000000000000001000000000000000"[..]),
    };
    let Ok(file) = std::str::from_utf8(file) else { return };
    match Dialect::from_toml(file) {
        Ok(dialect) => {
            for (_, spec) in dialect.fields() {
                let _ = spec.format.to_string();
            }
            if let Ok(message) = dialect.decode(bytes) {
                fuzz::walk(&message);
                assert_eq!(message.to_bytes(), bytes);
            }
        }
        Err(error) => assert!(!format!("{error} {error:?}").is_empty()),
    }
});
