//! JUnit XML, as build machines read it.

use std::{fmt::Write as _, time::Duration};

use crate::report::{CaseResult, Level, Report, Tally, Verdict};

/// The run as JUnit XML: a suite for each level. An optional case that did not pass counts as skipped, so that a build
/// machine comes to the verdict of the run.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut suites = String::new();
    for level in Level::ALL {
        let cases: Vec<_> = report.cases.iter().filter(|case| case.level == level).collect();
        if !cases.is_empty() {
            suites.push_str(&suite(report, level, &cases));
        }
    }
    let failed: usize = Level::ALL.map(|level| counted(report, level).failed).iter().sum();
    let total: Duration = report.cases.iter().map(|case| case.took).sum();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" \
         errors=\"0\" time=\"{}\">\n{suites}</testsuites>\n",
        escaped(&format!("cobrand {}", report.run.pack)),
        report.cases.len(),
        failed,
        seconds(total),
    )
}

/// How many cases of a level came out how for a build machine.
fn counted(report: &Report, level: Level) -> Tally {
    let tally = report.tally(Some(level));
    match level {
        Level::Optional => Tally { failed: 0, skipped: tally.skipped + tally.failed, ..tally },
        _ => tally,
    }
}

/// With what the run was made.
fn properties(report: &Report) -> String {
    let run = &report.run;
    let (seed, at) = (run.seed.to_string(), run.at.to_string());
    let all = [
        ("dialect", &run.wire.dialect),
        ("framing", &run.wire.framing),
        ("header", &run.wire.header),
        ("mac", &run.wire.mac),
        ("agreed", &run.agreed),
        ("seed", &seed),
        ("at", &at),
    ];
    let lines =
        all.map(|(name, value)| format!("      <property name=\"{name}\" value=\"{}\"/>\n", escaped(value)));
    format!("    <properties>\n{}    </properties>\n", lines.concat())
}

fn suite(report: &Report, level: Level, cases: &[&CaseResult]) -> String {
    let tally = counted(report, level);
    let total: Duration = cases.iter().map(|case| case.took).sum();
    let mut suite = format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\" \
         timestamp=\"{}\" hostname=\"{}\">\n",
        escaped(&format!("{}.{}", report.run.pack, level.as_str())),
        cases.len(),
        tally.failed,
        tally.skipped,
        seconds(total),
        report.run.started.strftime("%Y-%m-%dT%H:%M:%S"),
        escaped(&report.run.gateway),
    );
    suite.push_str(&properties(report));
    cases.iter().for_each(|case| test_case(&mut suite, report, case));
    suite.push_str("  </testsuite>\n");
    suite
}

fn test_case(out: &mut String, report: &Report, case: &CaseResult) {
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escaped(&format!("{}.{}", report.run.pack, case.level.as_str())),
        escaped(&format!("{} {}", case.id, case.title)),
        seconds(case.took),
    );
    match &case.verdict {
        Verdict::Passed => out.push_str("/>\n"),
        Verdict::Skipped(why) => {
            let _ = writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(why));
        }
        Verdict::Failed => {
            let failures: Vec<String> =
                case.failures().map(|(step, check)| format!("{step}: {check}")).collect();
            let first = failures.first().map_or("", String::as_str);
            if case.level == Level::Optional {
                let why = format!("optional and not passed: {first}");
                let _ = writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(&why));
                return;
            }
            let _ = writeln!(
                out,
                ">\n      <failure type=\"check\" message=\"{}\">{}</failure>\n    </testcase>",
                escaped(first),
                escaped(&failures.join("\n")),
            );
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:06}", duration.as_secs(), duration.subsec_micros())
}

/// Text for content and attributes alike. XML 1.0 cannot carry most control characters, not even escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_carry_is_escaped_or_replaced() {
        assert_eq!(escaped("a<b>&\"'\n"), "a&lt;b&gt;&amp;&quot;&apos;&#10;");
        assert_eq!(escaped("\0\x1b\u{ffff}é"), "\u{fffd}\u{fffd}\u{fffd}é");
    }
}
