//! Where a page of a list ended, as a text that callers give back and do not read.
//!
//! It is not secret and not signed: whatever it says, it only chooses where to go on in what its caller may see. It has
//! letters only: among digits a card number could be seen by chance, and would be masked.

/// Longer ones are none of ours.
const CHARS_MAX: usize = 512;
/// Half a byte is the letter at its place.
const LETTERS: [char; 16] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'];

/// The cursor behind a row that is told by these parts. No part has a line feed.
pub(super) fn behind(list: &str, parts: &[&str]) -> String {
    let text = format!("{list}\n{}", parts.join("\n"));
    text.bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| LETTERS.get(usize::from(half)))
        .collect()
}

fn decoded(cursor: &str) -> Option<String> {
    let half = |letter: u8| letter.checked_sub(b'a').filter(|half| *half < 16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((half(*high)? << 4) | half(*low)?),
        _ => None,
    };
    String::from_utf8(cursor.as_bytes().chunks(2).map(byte).collect::<Option<_>>()?).ok()
}

/// The parts of a cursor of this list; `None` if it is of another one, or none at all.
pub(super) fn parts<const N: usize>(list: &str, cursor: &str) -> Option<[String; N]> {
    if cursor.len() > CHARS_MAX {
        return None;
    }
    let text = decoded(cursor)?;
    let mut lines = text.split('\n').map(str::to_owned);
    let of_list = lines.next()? == list;
    let parts: Vec<String> = lines.collect();
    parts.try_into().ok().filter(|_| of_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_only_to_its_list() {
        let cursor = behind("days", &["gold", "17"]);
        assert!(cursor.bytes().all(|byte| byte.is_ascii_lowercase()), "{cursor}");
        assert_eq!(parts::<2>("days", &cursor), Some(["gold".to_owned(), "17".to_owned()]));
        assert_eq!(parts::<2>("breaks", &cursor), None, "of another list");
        assert_eq!(parts::<1>("days", &cursor), None, "of another shape");
        for wrong in ["", "17", "zz", "pp", "a", "gé", &"gb".repeat(CHARS_MAX)] {
            assert_eq!(parts::<1>("days", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_cursor_is_taken_for_a_card_number() {
        // In hexadecimal every tenth of these was: `3130303030342` passes the check.
        for size in (100_000..200_000).step_by(7).chain([100_004]) {
            let cursor = behind("breaks", &[&format!("{size}.42")]);
            assert_eq!(crate::masking::mask_card_numbers(&cursor), cursor, "{size}");
        }
        for entry in 1_000_000..1_001_000 {
            let cursor = behind("audit", &[&entry.to_string()]);
            assert_eq!(crate::masking::mask_card_numbers(&cursor), cursor, "{entry}");
        }
    }
}
