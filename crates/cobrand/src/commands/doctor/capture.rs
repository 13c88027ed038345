//! A captured message against what is agreed for a link: what differs, and which lines to change.

use std::ops::Range;

use iso8583::{
    BitmapEncoding, Dialect, MtiEncoding,
    describe::{Fit, Known, detect},
    dialects,
};

use super::{agreed::Agreed, agreed::KEY_FIELDS, report::Report};
use crate::commands::{
    left_over::{LeftOver, whole_frames},
    message_input::read,
};

pub(super) fn compare(
    capture: &str,
    agreed: &Agreed,
    bank: Option<&str>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let given = read(Some(capture))?;
    report.group("capture");
    given.notes.iter().for_each(|note| report.tell(note));
    let candidates: Vec<Dialect> =
        std::iter::once(agreed.dialect.clone()).chain(dialects::all().cloned()).collect();
    let mut bytes = given.bytes.as_slice();
    let mut detection = detect(bytes, &Known::default(), &candidates);
    // Behind whole frames something may stand that is none; the frames say more of the link than all of it.
    let mut left_over = None;
    if detection.fits.is_empty()
        && let Some(messages) = whole_frames(bytes, agreed.framing)
        && let Some(end) = messages.last().map(|last| last.end)
    {
        let whole = bytes.get(..end).unwrap_or_default();
        let of_whole = detect(whole, &Known::default(), &candidates);
        if !of_whole.fits.is_empty() {
            left_over = LeftOver::of(bytes, agreed.framing, &messages);
            (bytes, detection) = (whole, of_whole);
        }
    }
    let name = agreed.dialect.name();
    let own = detection.fits.iter().find(|fit| fit.dialect.name() == name);
    let Some(fit) = own.or(detection.fits.first()) else {
        let misfit = detection.nearest();
        let why = misfit.map(|misfit| misfit.why_not.clone()).unwrap_or_default();
        let nearest = misfit.map(|misfit| misfit.dialect.name().to_owned()).unwrap_or_default();
        misfit.iter().flat_map(|misfit| &misfit.looks_like).for_each(|what| report.tell(what));
        report.fail(
            &format!("the capture decodes in no dialect; nearest is {nearest}: {why}"),
            "see the place: cobrand describe CAPTURE --hexdump; then describe the bank's fields in a dialect file",
        );
        return Ok(());
    };
    let mut lines = Vec::new();
    framing(fit, agreed, &mut lines, report);
    header(fit, agreed, &mut lines, report);
    if own.is_some() {
        let all = fit.messages.len();
        let decode =
            |range: &Range<usize>| fit.dialect.decode(bytes.get(range.clone()).unwrap_or_default()).is_ok();
        match fit.messages.iter().filter(|range| decode(range)).count() {
            whole if whole == all => report.ok(&format!("dialect {name}: every message decodes")),
            some => report.tell(&format!("dialect {name}: {some} of {all} messages decode")),
        }
    } else {
        let misfit = detection.misfits.iter().find(|misfit| misfit.dialect.name() == name);
        let why = misfit.map(|misfit| misfit.why_not.clone()).unwrap_or_default();
        let found = fit.dialect.name();
        report.fail(&format!("dialect: the link has {name}, the capture is {found}"), &why);
        encodings(&agreed.dialect, &fit.dialect, report);
        lines.push(format!("dialect = \"{found}\"  # was {name}"));
    }
    let cut = || LeftOver::of(bytes, fit.framing?, &fit.messages);
    if let Some(rest) = left_over.or_else(cut) {
        told(&rest, report);
    }
    contents(bytes, fit, report);
    advise(bank, &lines, report);
    Ok(())
}

/// What stands behind the last whole frame, if anything does.
fn told(rest: &LeftOver, report: &mut Report) {
    if rest.is_cut {
        report.warn(&rest.to_string(), "nothing of them was looked at; capture up to the end of a message");
    } else {
        report.fail(
            &rest.to_string(),
            "nothing of them was looked at; see where they come from, then capture again",
        );
    }
}

fn framing(fit: &Fit, agreed: &Agreed, lines: &mut Vec<String>, report: &mut Report) {
    let (found, has) = (fit.framing_name(), agreed.framing);
    match fit.framing {
        None => report.skip("framing", "the capture is one message without a frame length"),
        Some(framing) if framing.with_keep_alive(true) == has.with_keep_alive(true) => {
            let messages = fit.messages.len();
            let messages =
                if messages == 1 { "1 message".to_owned() } else { format!("{messages} messages") };
            report.ok(&format!("framing {has}: {messages}"));
        }
        // Short captures fit several; the agreed one comes first if it is among them.
        Some(_)
            if fit.also.iter().any(|(framing, header)| *framing == Some(has) && *header == agreed.header) =>
        {
            report.ok(&format!("framing {has}: fits, {found} would too"));
        }
        Some(_) => {
            let hint = format!("change the link: framing = \"{found}\"");
            report.fail(&format!("framing: the link has {has}, the capture is {found}"), &hint);
            lines.push(format!("framing = \"{found}\"  # was {has}"));
        }
    }
}

fn header(fit: &Fit, agreed: &Agreed, lines: &mut Vec<String>, report: &mut Report) {
    let (found, has) = (&fit.header, &agreed.header);
    if found == has {
        return report.ok(&format!("header {has}"));
    }
    let hint = format!("change the link: header = \"{found}\"");
    report.fail(&format!("header: the link has {has}, the capture has {found}"), &hint);
    lines.push(format!("header = \"{found}\"  # was {has}"));
}

fn encodings(has: &Dialect, found: &Dialect, report: &mut Report) {
    let (one, other) = (mti(has.mti_encoding()), mti(found.mti_encoding()));
    if one != other {
        report.tell(&format!("message type: the link has {one}, the capture {other}"));
    }
    let (one, other) = (bitmap(has.bitmap_encoding()), bitmap(found.bitmap_encoding()));
    if one != other {
        report.tell(&format!("bitmaps: the link has {one}, the capture {other}"));
    }
}

const fn mti(encoding: MtiEncoding) -> &'static str {
    match encoding {
        MtiEncoding::Ascii => "ASCII digits",
        MtiEncoding::Bcd => "packed digits",
        MtiEncoding::Ebcdic(_) => "EBCDIC digits",
        _ => "another encoding",
    }
}

const fn bitmap(encoding: BitmapEncoding) -> &'static str {
    match encoding {
        BitmapEncoding::Binary => "bytes",
        BitmapEncoding::Hex => "hexadecimal text in ASCII",
        BitmapEncoding::EbcdicHex(_) => "hexadecimal text in EBCDIC",
        _ => "another encoding",
    }
}

/// What is missing in the messages.
fn contents(bytes: &[u8], fit: &Fit, report: &mut Report) {
    let mut fine = true;
    for (number, range) in (1_usize..).zip(&fit.messages) {
        let message = match fit.dialect.decode(bytes.get(range.clone()).unwrap_or_default()) {
            Ok(message) => message,
            // Only the first messages decide on the dialect.
            Err(error) => {
                fine = false;
                let hint = "see the place: cobrand describe CAPTURE --hexdump";
                report.fail(&format!("message {number} does not decode: {error}"), hint);
                continue;
            }
        };
        for de in KEY_FIELDS.iter().filter(|de| !message.has(**de)) {
            fine = false;
            let text = format!("message {number} ({}): DE{de} is missing", message.mti());
            report.fail(&text, "a reply could not be matched: have it sent in every request and echoed");
        }
        for finding in fit.dialect.check(&message) {
            fine = false;
            let text = format!("message {number} ({}): {finding}", message.mti());
            report.fail(&text, "agree with the bank, or change [messages] of the dialect file");
        }
    }
    if fine {
        report.ok("key fields DE7 and DE11 are there, and all that is agreed");
    }
}

fn advise(bank: Option<&str>, lines: &[String], report: &Report) {
    if lines.is_empty() {
        return;
    }
    let bank = bank.unwrap_or("…");
    report.tell("change in the configuration:");
    report.tell("  [[link]]");
    report.tell(&format!("  bank = \"{bank}\""));
    lines.iter().for_each(|line| report.tell(&format!("  {line}")));
}
