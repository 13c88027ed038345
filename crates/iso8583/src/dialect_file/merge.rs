//! Puts what a file says over the dialect that it extends, key by key.

use std::collections::BTreeMap;

use super::{DialectFile, FieldFile, InsideFile, MessageFile, WireFile};

pub(super) fn over(base: DialectFile, file: DialectFile) -> DialectFile {
    let mut fields = base.fields;
    for (de, field) in file.fields {
        if field.absent {
            fields.remove(&de);
            continue;
        }
        let merged = field_over(fields.remove(&de).unwrap_or_default(), field);
        fields.insert(de, merged);
    }
    let mut messages: BTreeMap<String, MessageFile> = base.messages;
    // What is agreed for a message type is agreed as a whole.
    messages.extend(file.messages);
    messages.retain(|_, message| !message.absent);
    DialectFile {
        // A dialect of its own has a name of its own.
        name: file.name,
        title: file.title.or(base.title),
        extends: None,
        version: file.version.or(base.version),
        wire: wire_over(base.wire, file.wire),
        fields,
        messages,
        transaction_id: file.transaction_id.or(base.transaction_id),
    }
}

fn wire_over(base: WireFile, file: WireFile) -> WireFile {
    WireFile {
        header: file.header.or(base.header),
        mti: file.mti.or(base.mti),
        bitmap: file.bitmap.or(base.bitmap),
        bitmaps: file.bitmaps.or(base.bitmaps),
        text: file.text.or(base.text),
        digits: file.digits.or(base.digits),
        signed: file.signed.or(base.signed),
        track: file.track.or(base.track),
        binary: file.binary.or(base.binary),
        lengths: file.lengths.or(base.lengths),
        counts: file.counts.or(base.counts),
        pad: file.pad.or(base.pad),
        pad_variable: file.pad_variable.or(base.pad_variable),
        pad_digit: file.pad_digit.or(base.pad_digit),
    }
}

pub(super) fn field_over(base: FieldFile, file: FieldFile) -> FieldFile {
    FieldFile {
        name: file.name.or(base.name),
        format: file.format.or(base.format),
        encoding: file.encoding.or(base.encoding),
        lengths: file.lengths.or(base.lengths),
        length_bytes: file.length_bytes.or(base.length_bytes),
        counts: file.counts.or(base.counts),
        counts_also: file.counts_also.or(base.counts_also),
        signs: file.signs.or(base.signs),
        pad: file.pad.or(base.pad),
        pad_digit: file.pad_digit.or(base.pad_digit),
        shown: file.shown.or(base.shown),
        codes: file.codes.or(base.codes),
        absent: false,
        inside: match (base.inside, file.inside) {
            (Some(base), Some(file)) => Some(Box::new(inside_over(*base, *file))),
            (base, file) => file.or(base),
        },
    }
}

fn inside_over(base: InsideFile, file: InsideFile) -> InsideFile {
    let same_kind = file.kind.is_none() || file.kind == base.kind;
    if !same_kind {
        return file;
    }
    let mut parts = base.parts;
    for (id, part) in file.parts {
        let merged = field_over(parts.remove(&id).unwrap_or_default(), part);
        parts.insert(id, merged);
    }
    InsideFile {
        kind: file.kind.or(base.kind),
        delimiter: file.delimiter.or(base.delimiter),
        tag_bytes: file.tag_bytes.or(base.tag_bytes),
        tag: file.tag.or(base.tag),
        length_digits: file.length_digits.or(base.length_digits),
        lengths: file.lengths.or(base.lengths),
        length_bytes: file.length_bytes.or(base.length_bytes),
        counts: file.counts.or(base.counts),
        counts_also: file.counts_also.or(base.counts_also),
        length_first: file.length_first.or(base.length_first),
        bits: file.bits.or(base.bits),
        bitmap: file.bitmap.or(base.bitmap),
        other: file.other.or(base.other),
        parts_from: file.parts_from.or(base.parts_from),
        parts,
    }
}
