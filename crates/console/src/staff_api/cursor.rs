//! Where a page of a list ended, as a text that callers give back and do not read.
//!
//! It is not secret and not signed: whatever it says, it only chooses where to go on in what its caller may see.

/// Longer ones are none of ours.
const CHARS_MAX: usize = 512;

/// The cursor behind a row that is told by these parts. No part has a line feed.
pub(super) fn behind(list: &str, parts: &[&str]) -> String {
    hex::encode(format!("{list}\n{}", parts.join("\n")))
}

/// The parts of a cursor of this list; `None` if it is of another one, or none at all.
pub(super) fn parts<const N: usize>(list: &str, cursor: &str) -> Option<[String; N]> {
    if cursor.len() > CHARS_MAX {
        return None;
    }
    let text = String::from_utf8(hex::decode(cursor).ok()?).ok()?;
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
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{cursor}");
        assert_eq!(parts::<2>("days", &cursor), Some(["gold".to_owned(), "17".to_owned()]));
        assert_eq!(parts::<2>("breaks", &cursor), None, "of another list");
        assert_eq!(parts::<1>("days", &cursor), None, "of another shape");
        for wrong in ["", "17", "zz", "ff", &"61".repeat(CHARS_MAX)] {
            assert_eq!(parts::<1>("days", wrong), None, "{wrong}");
        }
    }
}
