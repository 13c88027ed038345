//! MACs against published values, through a change of keys, and against altered bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::mac::{
    AcceptedKey, KeyVersion, MacAlgorithm, MacKey, MacKeyError, MacKeys, MacKeysError, MacLength, MacMethod,
    MacPadding, MacProblem, UnknownMacAlgorithm,
};
use proptest::prelude::*;

const X919: MacAlgorithm = MacAlgorithm::RetailX919(MacPadding::Zeros);
const X919_PADDING_2: MacAlgorithm = MacAlgorithm::RetailX919(MacPadding::OneThenZeros);

const DOUBLE_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
const AES128_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const AES192_KEY: &str = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
const AES256_KEY: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

fn method(algorithm: MacAlgorithm) -> MacMethod {
    MacMethod { algorithm, length: MacLength::Eight }
}

fn key(version: u32, algorithm: MacAlgorithm, digits: &str) -> MacKey {
    MacKey::from_hex(KeyVersion(version), method(algorithm), digits).unwrap()
}

fn only(key: MacKey) -> MacKeys {
    MacKeys::new(key, Vec::new()).unwrap()
}

// --- published values --------------------------------------------------------------------------------

#[test]
fn aes_cmac_is_that_of_nist() {
    // NIST SP 800-38B and its examples (AES_CMAC.pdf); RFC 4493 has those of AES-128 except 20 bytes. OpenSSL 3.0
    // gives the same.
    let text = hex::decode(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    )
    .unwrap();
    for (digits, macs) in [
        (
            AES128_KEY,
            [
                "bb1d6929e9593728",
                "070a16b46b4d4144",
                "7d85449ea6ea19c8",
                "dfa66747de9ae630",
                "51f0bebf7e3b9d92",
            ],
        ),
        (
            AES192_KEY,
            [
                "d17ddf46adaacde5",
                "9e99a7bf31e71090",
                "3d75c194ed960704",
                "8a1de5be2eb31aad",
                "a1d5df0eed790f79",
            ],
        ),
        (
            AES256_KEY,
            [
                "028962f61b7bf89e",
                "28a7023f452e8f82",
                "156727dc0878944a",
                "aaf3d8f1de5640c2",
                "e1992190549f6ed5",
            ],
        ),
    ] {
        let keys = only(key(1, MacAlgorithm::AesCmac, digits));
        for (length, mac) in [0, 16, 20, 40, 64].into_iter().zip(macs) {
            assert_eq!(hex::encode(keys.sign(&text[..length])), mac, "{} bits, {length}", digits.len() * 4);
        }
    }
}

#[test]
fn the_retail_mac_is_that_of_iso_9797_1() {
    // The test vectors of ISO/IEC 9797-1 for algorithm 3, as other libraries have them; OpenSSL 3.0 gives the same
    // (DES in CBC mode, then the last block decrypted and encrypted again), and the values for the empty text.
    for (text, zeros, one_then_zeros) in [
        ("Now is the time for all ", "a1c72e74ea3fa9b6", "e9086230ca3be796"),
        ("Now is the time for it", "2e2b1428cc78254f", "5a692ce64f404145"),
        ("", "08d7b4fb629d0885", "f1fbcf2a56d19ba7"),
    ] {
        for (algorithm, mac) in [(X919, zeros), (X919_PADDING_2, one_then_zeros)] {
            let keys = only(key(1, algorithm, DOUBLE_KEY));
            assert_eq!(hex::encode(keys.sign(text.as_bytes())), mac, "{algorithm}, {text}");
        }
    }
}

#[test]
fn only_padding_1_leaves_the_length_to_the_frame() {
    for (algorithm, same) in [(X919, true), (X919_PADDING_2, false), (MacAlgorithm::AesCmac, false)] {
        let keys = only(key(1, algorithm, DOUBLE_KEY));
        assert_eq!(keys.sign(b"0200") == keys.sign(b"0200\0"), same, "{algorithm}");
    }
}

/// DES in CBC mode over zero-padded text, and what algorithm 3 adds with a second key: once more, block by block.
mod by_hand {
    use des::{
        Des,
        cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
    };

    pub(super) fn cbc_mac(key: &[u8], text: &[u8]) -> [u8; 8] {
        let des = Des::new_from_slice(key).unwrap();
        let mut state = [0; 8];
        for block in text.chunks(8) {
            block.iter().zip(&mut state).for_each(|(byte, state)| *state ^= byte);
            des.encrypt_block((&mut state).into());
        }
        state
    }

    pub(super) fn retail_mac(key: &[u8], text: &[u8]) -> [u8; 8] {
        let mut state = cbc_mac(&key[..8], text);
        Des::new_from_slice(&key[8..]).unwrap().decrypt_block((&mut state).into());
        Des::new_from_slice(&key[..8]).unwrap().encrypt_block((&mut state).into());
        state
    }
}

#[test]
fn the_check_by_hand_is_that_of_fips_113() {
    let key = hex::decode("0123456789abcdef").unwrap();
    assert_eq!(hex::encode(by_hand::cbc_mac(&key, b"7654321 Now is the time for ")), "f1d30f6849312ca4");
}

// --- names, lengths and keys -------------------------------------------------------------------------

#[test]
fn names_are_read_as_they_are_written() {
    for algorithm in MacAlgorithm::ALL {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    assert_eq!("x9.19".parse(), Ok(MacAlgorithm::RetailX919(MacPadding::default())));
    for wrong in ["", "aes", "AES-CMAC", "X9.19", "x9.19-padding-1", "x9.9"] {
        assert_eq!(wrong.parse::<MacAlgorithm>(), Err(UnknownMacAlgorithm), "{wrong}");
    }
    let message = UnknownMacAlgorithm.to_string();
    assert!(MacAlgorithm::ALL.iter().all(|algorithm| message.contains(algorithm.name())), "{message}");
}

#[test]
fn four_bytes_have_zeros_behind_them() {
    assert_eq!([4, 8].map(|bytes| MacLength::of_bytes(bytes).unwrap().bytes()), [4, 8]);
    assert_eq!([0, 5, 16].map(MacLength::of_bytes), [None; 3]);
    let four = MacMethod { algorithm: X919, length: MacLength::Four };
    let keys = only(MacKey::from_hex(KeyVersion(1), four, DOUBLE_KEY).unwrap());
    let text = b"Now is the time for all ";
    let field = keys.sign(text);
    assert_eq!(hex::encode(field), "a1c72e7400000000");
    assert_eq!(keys.verify(text, &field, 0), Ok(KeyVersion(1)));
    // The whole MAC, or anything else behind the four bytes, is not what was agreed.
    for wrong in ["a1c72e74ea3fa9b6", "a1c72e7400000001", "a1c72e7420202020", "0000000000000000"] {
        let problem = keys.verify(text, &hex::decode(wrong).unwrap(), 0).unwrap_err();
        assert_eq!(problem, MacProblem::Wrong { accepted: vec![KeyVersion(1)] }, "{wrong}");
    }
    assert_eq!(keys.verify(text, &field[..4], 0), Err(MacProblem::WrongLength { found: 4 }));
}

#[test]
fn check_values_are_the_usual_ones() {
    for (algorithm, digits, check_value) in [
        (MacAlgorithm::AesCmac, AES128_KEY, "7AD386"),
        (MacAlgorithm::AesCmac, AES192_KEY, "3A072A"),
        (MacAlgorithm::AesCmac, AES256_KEY, "1A0B2D"),
        (X919, DOUBLE_KEY, "08D7B4"),
        (X919_PADDING_2, DOUBLE_KEY, "08D7B4"),
    ] {
        let value = key(1, algorithm, digits).check_value();
        assert_eq!(
            (value.to_string(), hex::encode_upper(value.as_bytes())),
            (check_value.into(), check_value.into())
        );
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    for (algorithm, good) in
        [(MacAlgorithm::AesCmac, &[16, 24, 32][..]), (X919, &[16]), (X919_PADDING_2, &[16])]
    {
        for length in 0_u8..=40 {
            let bytes: Vec<u8> = (1..=length).map(|byte| byte.wrapping_mul(37)).collect();
            let found = bytes.len();
            let expected = if good.contains(&found) {
                None
            } else {
                Some(MacKeyError::WrongLength { algorithm, found })
            };
            let by_bytes = MacKey::from_bytes(KeyVersion(1), method(algorithm), &bytes);
            assert_eq!(by_bytes.err(), expected, "{algorithm} {found}");
            let by_hex = MacKey::from_hex(KeyVersion(1), method(algorithm), &hex::encode(bytes));
            assert_eq!(by_hex.err(), expected, "{algorithm} {found}");
        }
    }
}

#[test]
fn bad_keys_are_refused_without_showing_them() {
    for (digits, expected) in [
        ("0123456789ABCDEF0123456789ABCDEF", MacKeyError::EqualHalves),
        // The same but for the parity bits.
        ("0123456789ABCDEF0022446688AACCEE", MacKeyError::EqualHalves),
        // Weak, semi-weak and possibly weak halves, with and without odd parity.
        ("01010101010101010123456789ABCDEF", MacKeyError::Weak),
        ("0123456789ABCDEFFEFEFEFEFEFEFEFE", MacKeyError::Weak),
        ("0123456789ABCDEF0000000000000000", MacKeyError::Weak),
        ("0123456789ABCDEFFFFFFFFFFFFFFFFF", MacKeyError::Weak),
        ("01FE01FE01FE01FE0123456789ABCDEF", MacKeyError::Weak),
        ("0123456789ABCDEF1F1F01010E0E0101", MacKeyError::Weak),
        ("0123456789ABCDEFFEDCBA987654321", MacKeyError::NotHexadecimal),
        ("0123456789ABCDEFFEDCBA98765432 0", MacKeyError::NotHexadecimal),
        ("0123456789ABCDEFFEDCBA98765432\u{e9}", MacKeyError::NotHexadecimal),
    ] {
        let error = MacKey::from_hex(KeyVersion(1), method(X919), digits).unwrap_err();
        assert_eq!(error, expected, "{digits}");
        assert!(!shows(&format!("{error} {error:?}"), digits), "{error}");
    }
}

#[test]
fn parity_bits_do_not_matter() {
    let even = hex::encode(hex::decode(DOUBLE_KEY).unwrap().iter().map(|byte| byte ^ 1).collect::<Vec<_>>());
    let (odd, even) = (only(key(1, X919, DOUBLE_KEY)), only(key(1, X919, &even)));
    assert_eq!(odd.sign(b"0200"), even.sign(b"0200"));
}

/// Whether a text has four digits in a row of a key.
fn shows(text: &str, digits: &str) -> bool {
    let (text, digits) = (text.to_lowercase(), digits.to_lowercase().into_bytes());
    digits.windows(4).any(|part| text.contains(&*String::from_utf8_lossy(part)))
}

#[test]
fn debug_shows_no_key() {
    for (algorithm, digits) in
        [(MacAlgorithm::AesCmac, AES128_KEY), (MacAlgorithm::AesCmac, AES256_KEY), (X919, DOUBLE_KEY)]
    {
        let earlier = AcceptedKey { key: key(6, algorithm, digits), not_after_unix_seconds: 99 };
        let text = format!("{earlier:?}");
        let current = key(7, MacAlgorithm::AesCmac, AES192_KEY);
        let keys = MacKeys::new(current, vec![earlier]).unwrap();
        let (all, pretty) = (format!("{keys:?}"), format!("{keys:#?}"));
        for text in [text, all.clone(), pretty] {
            assert!(!shows(&text, digits) && !shows(&text, AES192_KEY), "{text}");
            let bytes = hex::decode(digits).unwrap();
            assert!(!text.contains(&format!("{}, {}", bytes[0], bytes[1])), "{text}");
        }
        assert!(all.contains("version: 7") && all.contains("check_value: 3A072A"), "{all}");
    }
}

// --- a change of keys --------------------------------------------------------------------------------

const COVERED: &[u8] = b"0200B220000000000000 and so on";
const LAST: i64 = 1_800_000_000;

/// Version 3 signs; version 2 was before it, version 1 by the retail MAC long before; version 4 comes next.
fn rotating() -> MacKeys {
    let four = MacMethod { algorithm: X919, length: MacLength::Four };
    let first = MacKey::from_hex(KeyVersion(1), four, DOUBLE_KEY).unwrap();
    let accepted = [
        (key(2, MacAlgorithm::AesCmac, AES128_KEY), LAST),
        (first, LAST - 1000),
        (key(4, MacAlgorithm::AesCmac, AES256_KEY), i64::MAX),
    ];
    let accepted = accepted.map(|(key, not_after_unix_seconds)| AcceptedKey { key, not_after_unix_seconds });
    MacKeys::new(key(3, MacAlgorithm::AesCmac, AES192_KEY), accepted.into()).unwrap()
}

fn mac_by(key: MacKey) -> Vec<u8> {
    only(key).sign(COVERED).to_vec()
}

#[track_caller]
fn check(received: &[u8], now: i64, expected: Result<u32, MacProblem>) {
    assert_eq!(rotating().verify(COVERED, received, now), expected.map(KeyVersion));
}

fn expired(version: u32, not_after_unix_seconds: i64) -> Result<u32, MacProblem> {
    Err(MacProblem::Expired { version: KeyVersion(version), not_after_unix_seconds, current: KeyVersion(3) })
}

fn wrong(accepted: &[u32]) -> Result<u32, MacProblem> {
    Err(MacProblem::Wrong { accepted: accepted.iter().copied().map(KeyVersion).collect() })
}

#[test]
fn a_change_of_keys_needs_no_pause() {
    let four = MacMethod { algorithm: X919, length: MacLength::Four };
    let first = mac_by(MacKey::from_hex(KeyVersion(1), four, DOUBLE_KEY).unwrap());
    let second = mac_by(key(2, MacAlgorithm::AesCmac, AES128_KEY));
    let third = mac_by(key(3, MacAlgorithm::AesCmac, AES192_KEY));
    let fourth = mac_by(key(4, MacAlgorithm::AesCmac, AES256_KEY));
    let stranger = mac_by(key(9, MacAlgorithm::AesCmac, "000102030405060708090a0b0c0d0e0f"));

    assert_eq!((rotating().current_version(), &rotating().sign(COVERED)[..]), (KeyVersion(3), &third[..]));
    for now in [i64::MIN, 0, LAST, LAST + 1, i64::MAX] {
        check(&third, now, Ok(3));
        check(&fourth, now, Ok(4));
    }
    check(&second, LAST - 5000, Ok(2));
    check(&second, LAST, Ok(2));
    check(&second, LAST + 1, expired(2, LAST));
    check(&second, i64::MAX, expired(2, LAST));
    check(&first, LAST - 1000, Ok(1));
    check(&first, LAST - 999, expired(1, LAST - 1000));

    check(&stranger, 0, wrong(&[3, 2, 1, 4]));
    check(&stranger, LAST, wrong(&[3, 2, 4]));
    check(&stranger, LAST + 1, wrong(&[3, 4]));
    check(&[0; 8], LAST + 1, wrong(&[3, 4]));
    check(&[], LAST, Err(MacProblem::Missing));
    for found in [1, 4, 7, 9, 16] {
        check(&vec![0; found], LAST, Err(MacProblem::WrongLength { found }));
    }
    check(&third[..7], LAST, Err(MacProblem::WrongLength { found: 7 }));
}

#[test]
fn problems_are_told_in_full() {
    for (problem, text) in [
        (MacProblem::Missing, "expected a MAC, found none; the sender must send one as agreed"),
        (
            MacProblem::WrongLength { found: 4 },
            "expected a MAC field of 8 bytes, found 4; the sender must send it as agreed",
        ),
        (
            wrong(&[3, 4]).unwrap_err(),
            "the MAC is wrong under every accepted key (version 3, 4); both sides must use the same key, method and \
             covered bytes",
        ),
        (
            expired(2, LAST).unwrap_err(),
            "the MAC is right under key version 2, which was accepted until 1800000000 (UNIX seconds); the sender \
             must sign with version 3",
        ),
    ] {
        assert_eq!(problem.to_string(), text);
    }
}

#[test]
fn keys_of_one_set_differ() {
    let set = |current: MacKey, other: MacKey| {
        let accepted = AcceptedKey { key: other, not_after_unix_seconds: 0 };
        MacKeys::new(current, vec![accepted]).err()
    };
    let cmac = MacAlgorithm::AesCmac;
    let (one, two) = (KeyVersion(1), KeyVersion(2));
    assert_eq!(set(key(1, cmac, AES128_KEY), key(1, cmac, AES256_KEY)), Some(MacKeysError::SameVersion(one)));
    assert_eq!(
        set(key(2, cmac, AES128_KEY), key(1, cmac, AES128_KEY)),
        Some(MacKeysError::SameKey(two, one))
    );
    assert_eq!(set(key(2, cmac, AES128_KEY), key(1, X919, AES128_KEY)), None);
    // Another padding or length is another way to sign, also with the same key.
    assert_eq!(set(key(2, X919_PADDING_2, DOUBLE_KEY), key(1, X919, DOUBLE_KEY)), None);
}

// --- altered bytes -----------------------------------------------------------------------------------

fn any_key() -> impl Strategy<Value = MacKey> {
    let algorithm = prop::sample::select(MacAlgorithm::ALL.to_vec());
    let length = prop::sample::select(vec![MacLength::Four, MacLength::Eight]);
    (algorithm, length, any::<[u8; 16]>()).prop_filter_map("a good key", |(algorithm, length, bytes)| {
        MacKey::from_bytes(KeyVersion(1), MacMethod { algorithm, length }, &bytes).ok()
    })
}

proptest! {
    #[test]
    fn no_bit_can_be_flipped(
        key in any_key(),
        covered in prop::collection::vec(any::<u8>(), 1..300),
        bit in any::<prop::sample::Index>(),
    ) {
        let keys = only(key);
        let mac = keys.sign(&covered);
        prop_assert_eq!(keys.verify(&covered, &mac, 0), Ok(KeyVersion(1)));
        let mut altered = covered.clone();
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(matches!(keys.verify(&altered, &mac, 0), Err(MacProblem::Wrong { .. })), "bit {}", bit);
        for bit in 0..64 {
            let mut altered = mac;
            altered[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(matches!(keys.verify(&covered, &altered, 0), Err(MacProblem::Wrong { .. })), "bit {}", bit);
        }
    }

    #[test]
    fn the_retail_mac_is_that_made_by_hand(
        bytes in any::<[u8; 16]>(),
        covered in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        for (algorithm, behind) in [(X919, &[][..]), (X919_PADDING_2, &[0x80])] {
            if let Ok(key) = MacKey::from_bytes(KeyVersion(1), method(algorithm), &bytes) {
                let padded = [&covered, behind].concat();
                prop_assert_eq!(only(key).sign(&covered), by_hand::retail_mac(&bytes, &padded));
            }
        }
    }
}

// --- whole messages ------------------------------------------------------------------------------------

#[test]
fn what_stands_behind_the_mac_is_not_taken() {
    use iso8583::{Builder, Mti, dialects::iso87_ascii};
    let keys = only(key(1, MacAlgorithm::AesCmac, AES128_KEY));
    let verified = |bytes: &[u8]| keys.verify_message(&iso87_ascii().decode(bytes).unwrap(), 0);
    let reversal = Builder::new(Mti::new("0420")).set(11, "000001").set(95, "0".repeat(42));
    let signed = keys.sign_message(&reversal, iso87_ascii()).unwrap();
    assert_eq!(verified(&signed), Ok(KeyVersion(1)));
    // DE64 over everything before it, and DE95 behind it.
    let up_to_64 = keys.sign_message(&reversal.clone().remove(95), iso87_ascii()).unwrap();
    let mac = iso87_ascii().decode(&up_to_64).unwrap().text(64).unwrap().into_owned();
    let forged = reversal.clone().set(64, mac).encode(iso87_ascii()).unwrap();
    assert_eq!(verified(&forged), Err(MacProblem::Missing));
    let unsigned = reversal.encode(iso87_ascii()).unwrap();
    assert_eq!(verified(&unsigned), Err(MacProblem::Missing));
}
