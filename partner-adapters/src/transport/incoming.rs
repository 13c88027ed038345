//! What comes back from a partner, and which names of his are taken.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;

use super::InboxSettings;

/// Names of partners end here; with a folder before them they must still fit into a line of a log.
const NAME_BYTES_MAX: usize = 200;
/// Refused names that are told one by one; the others are only counted by the partner's own list.
const REFUSED_MAX: usize = 100;
/// One go holds at most so many files of the greatest size in memory.
const TOTAL_FACTOR: u64 = 4;
/// Entries of one listing that are looked at.
pub(crate) const LISTED_MAX: usize = 10_000;

/// Asked with the mark of each file in an inbox: was it taken in, durably?
pub type Seen<'a> = &'a (dyn Fn(&str) -> bool + Send + Sync);

/// One file of the partner, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The name as it stood in the inbox: checked, without any folder. With PGP it still ends in `.pgp`, and the
    /// content is the decrypted one.
    pub name: String,
    /// Tells this edition of the file from another of the same name: name, size and time of change or object's tag.
    /// To be kept with what was taken in, and to be known by `seen` the next time.
    pub mark: String,
    /// Its bytes.
    pub content: Bytes,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// Whether a PGP signature of the partner stood over them.
    pub signed: bool,
}

/// A file of the partner that was left where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name, made printable.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What an inbox gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collected {
    /// New files, in the order of their names.
    pub files: Vec<Incoming>,
    /// What was not taken: an alarm for people.
    pub refused: Vec<Refused>,
    /// Whether there is more than the limits of one go allow: collect again, after these are taken in.
    pub more: bool,
}

impl Collected {
    pub(crate) fn refuse(&mut self, name: &str, reason: impl Into<String>) {
        if self.refused.len() < REFUSED_MAX {
            self.refused.push(Refused { name: super::fault::foreign(name), reason: reason.into() });
        }
    }

    pub(crate) fn take(&mut self, listed: Listed, content: Bytes) {
        let sha256 = crate::sha256(&content);
        let mark = listed.mark();
        self.files.push(Incoming { name: listed.name, mark, content, sha256, signed: false });
    }
}

/// One line of an inbox's listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// Time of change in seconds, or the object's tag.
    pub(crate) edition: String,
}

impl Listed {
    pub(crate) fn mark(&self) -> String {
        format!("{} {} {}", self.name, self.bytes, self.edition)
    }
}

/// What to do with the files of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Taken in before: out of the way with them.
    pub(crate) put_away: Vec<Listed>,
    /// New, within the limits.
    pub(crate) fetch: Vec<Listed>,
}

/// Sorts a listing out, in the order of names, within the limits of the inbox.
pub(crate) fn plan(
    mut listed: Vec<Listed>,
    inbox: &InboxSettings,
    seen: Seen<'_>,
    out: &mut Collected,
) -> Plan {
    listed.sort();
    let (mut plan, mut bytes) = (Plan::default(), 0_u64);
    for file in listed {
        match judge(&file.name) {
            Name::PassOver => {}
            Name::Refuse(reason) => out.refuse(&file.name, reason),
            Name::Take if seen(&file.mark()) => plan.put_away.push(file),
            Name::Take if file.bytes > inbox.max_bytes => {
                out.refuse(&file.name, too_large(file.bytes, inbox))
            }
            Name::Take => {
                bytes = bytes.saturating_add(file.bytes);
                if plan.fetch.len() < inbox.max_files && bytes <= inbox.max_bytes.saturating_mul(TOTAL_FACTOR)
                {
                    plan.fetch.push(file);
                } else {
                    out.more = true;
                }
            }
        }
    }
    plan
}

pub(crate) fn too_large(bytes: u64, inbox: &InboxSettings) -> String {
    format!("it has {bytes} bytes; `max_bytes` of the inbox is {}", inbox.max_bytes)
}

/// The name of a file that was put away, if its own is taken there: with the beginning of its mark's hash.
pub(crate) fn second_name(file: &Listed) -> String {
    let hash = digest(&SHA256, file.mark().as_bytes());
    let hex = hex::encode(hash.as_ref());
    format!("{}.{}", file.name, hex.get(..16).unwrap_or_default())
}

/// What to do with a name in an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// A file of the partner.
    Take,
    /// Nothing for us, and no reason to tell: hidden, still being written, an announcement.
    PassOver,
    /// No name that we touch.
    Refuse(&'static str),
}

/// Decides by the name alone. It becomes a part of paths, so the letters are counted out and not the evil ones.
pub(crate) fn judge(name: &str) -> Name {
    if name == "." || name == ".." {
        return Name::PassOver;
    }
    if name.len() > NAME_BYTES_MAX {
        return Name::Refuse("the name is longer than 200 bytes");
    }
    if name.contains(['/', '\\', '\0']) {
        return Name::Refuse("the name leads into another folder");
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with('.')
        || [".partial", ".part", ".tmp", ".filepart", ".done"].iter().any(|end| lower.ends_with(end))
    {
        return Name::PassOver;
    }
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_. +=@,()".contains(letter));
    if !plain || !name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
        return Name::Refuse(
            "letters, digits and -_.+=@,() and spaces are expected, a letter or digit first",
        );
    }
    if domain::holds_card_number(name) {
        return Name::Refuse("the name holds what may be a card number");
    }
    Name::Take
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: fn(Name) -> bool) {
        assert!(expected(judge(name)), "{name:?} is judged {:?}", judge(name));
    }

    #[test]
    fn only_plain_names_are_taken() {
        for name in ["ack.csv", "ACK_2026-10-10 (1).xml", "a", "0001.cbs.pgp"] {
            check(name, |judged| judged == Name::Take);
        }
        for name in [
            ".",
            "..",
            ".ssh",
            ".ack.csv",
            "ack.csv.partial",
            "ACK.PART",
            "a.filepart",
            "a.csv.done",
            "x.tmp",
        ] {
            check(name, |judged| judged == Name::PassOver);
        }
        let long = "a".repeat(201);
        for name in [
            "../ack.csv",
            "a/b",
            "a\\b",
            "a\0b",
            "-rf",
            "a\nb",
            "äck.csv",
            "a\u{202e}vsc",
            "",
            &long,
            "$(x)",
            "a;b",
            "4111111111111111.csv",
        ] {
            check(name, |judged| matches!(judged, Name::Refuse(_)));
        }
    }

    fn file(name: &str, bytes: u64) -> Listed {
        Listed { name: name.into(), bytes, edition: "1".into() }
    }

    #[test]
    fn a_go_keeps_to_its_limits_and_says_that_there_is_more() {
        let inbox = InboxSettings { path: "in".into(), done: None, max_files: 2, max_bytes: 10 };
        let names =
            |files: &[Listed]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>().join(" ");
        let mut out = Collected::default();
        let listed =
            vec![file("d", 1), file("c", 11), file("b", 1), file("a", 1), file("..x/", 1), file("e", 1)];
        let made = plan(listed, &inbox, &|mark| mark.starts_with("a "), &mut out);
        assert_eq!((names(&made.put_away), names(&made.fetch), out.more), ("a".into(), "b d".into(), true));
        assert_eq!(out.refused.iter().map(|refused| &*refused.name).collect::<Vec<_>>(), ["..x/", "c"]);

        let inbox = InboxSettings { max_files: 100, ..inbox };
        let mut out = Collected::default();
        let made = plan((0..9).map(|n| file(&n.to_string(), 9)).collect(), &inbox, &|_| false, &mut out);
        assert_eq!((made.fetch.len(), out.more), (4, true), "four times the greatest size at once");
    }

    #[test]
    fn another_edition_has_another_mark() {
        let listed =
            |bytes, edition: &str| Listed { name: "ack.csv".into(), bytes, edition: edition.into() }.mark();
        assert_eq!(listed(3, "1"), listed(3, "1"));
        assert_ne!(listed(3, "1"), listed(4, "1"));
        assert_ne!(listed(3, "1"), listed(3, "2"));
    }
}
