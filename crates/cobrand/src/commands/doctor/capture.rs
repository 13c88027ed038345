//! A captured message against what is agreed for a link: what differs, and which lines to change.

use std::ops::Range;

use iso8583::{
    BitmapEncoding, Dialect, MtiEncoding,
    describe::{Fit, Known, Misfit, detect},
    dialects,
};

use super::{agreed::Agreed, agreed::KEY_FIELDS, report::Report};
use crate::commands::{left_over::LeftOver, message_input::read};

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
    let bytes = given.bytes.as_slice();
    let detection = detect(bytes, &Known::default(), &candidates);
    let name = agreed.dialect.name();
    let own = detection.fits.iter().find(|fit| fit.dialect.name() == name);
    let Some(fit) = own.or(detection.fits.first()) else {
        let misfit = detection.nearest();
        let why = misfit.map(|misfit| misfit.why_not.clone()).unwrap_or_default();
        let nearest = misfit.map(|misfit| misfit.dialect.name().to_owned()).unwrap_or_default();
        if let Some(misfit) = misfit.filter(|misfit| misfit.is_cut) {
            cut_message(misfit, report);
            return Ok(());
        }
        misfit.iter().flat_map(|misfit| &misfit.looks_like).for_each(|what| report.tell(what));
        report.fail(
            &format!("the capture decodes in no dialect; nearest is {nearest}: {why}"),
            "see the place: cobrand describe CAPTURE --hexdump; then describe the bank's fields in a dialect file",
        );
        return Ok(());
    };
    let mut lines = Vec::new();
    if fit.lacking > 0 {
        wrong_length(bytes, fit, agreed, report);
    } else {
        framing(fit, agreed, &mut lines, report);
    }
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
    if let Some(rest) = fit.framing.and_then(|framing| LeftOver::of(bytes, framing, &fit.messages)) {
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

fn counted(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// The message ends before its frame does: the other side would wait for the rest for ever.
fn wrong_length(bytes: &[u8], fit: &Fit, agreed: &Agreed, report: &mut Report) {
    // Of several framings that end too late the agreed one is meant.
    let by_agreed = agreed.framing.lacking(bytes).filter(|lacking| *lacking > 0);
    let (found, lacking) = match by_agreed {
        Some(lacking) => (agreed.framing.to_string(), lacking),
        None => (fit.framing_name(), fit.lacking),
    };
    let lacking = counted(lacking);
    report.fail(
        &format!("framing {found}: the capture ends {lacking} before its frame does, though its message is whole"),
        "the length bytes say too much, and the gateway would wait for the rest for ever: see what they count",
    );
}

/// All that is there decodes, but the end of the only message is not there.
fn cut_message(misfit: &Misfit, report: &mut Report) {
    let (found, lacking, name) = (misfit.framing_name(), misfit.lacking, misfit.dialect.name());
    let lacking = counted(lacking);
    report.fail(
        &format!("framing {found}: the capture ends {lacking} before its frame does; up to there it decodes in {name}"),
        "capture or paste all of the message, then run doctor again",
    );
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
