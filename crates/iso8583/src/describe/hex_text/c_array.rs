//! Arrays as C and its relatives write them, with comments: `{ 0x30, 0x31, /* … */ }`.

use super::{
    HexText,
    error::{HexTextError, Stop},
    lines::Line,
};

const FORM: &str = "a C array";

/// One word of the source text.
struct Token {
    line: usize,
    text: String,
}

pub(super) fn read(lines: &[Line<'_>]) -> Result<HexText, Stop> {
    let first = lines.first().map_or(1, |line| line.number);
    if !lines.iter().any(|line| line.text.contains("0x") || line.text.contains("0X")) {
        return Err(Stop::no(first, "no 0x"));
    }
    let comments = lines.iter().any(|line| line.text.contains("/*") || line.text.contains("//"));
    let is_declared = lines.iter().any(|line| line.text.contains('=') && line.text.contains('{'));
    let is_short = |line: &Line<'_>| {
        line.text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word.len() == 3 && word.starts_with("0x"))
    };
    if !comments && !is_declared && !lines.iter().any(is_short) {
        return Err(Stop::no(first, "neither comments nor a declaration"));
    }
    let mut arrays = Arrays::default();
    for token in tokens(lines)? {
        arrays.take(&token)?;
    }
    arrays.end(first, comments)
}

/// The words and signs, without comments.
fn tokens(lines: &[Line<'_>]) -> Result<Vec<Token>, HexTextError> {
    let (mut tokens, mut opened) = (Vec::new(), None);
    for line in lines {
        let mut rest = line.text;
        loop {
            if opened.is_some() {
                let Some((_, behind)) = rest.split_once("*/") else { break };
                (opened, rest) = (None, behind);
            }
            let end = ["/*", "//"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
            let (code, behind) = rest.split_at(end);
            push(code, line.number, &mut tokens);
            if !behind.starts_with("/*") {
                break;
            }
            (opened, rest) = (Some(line.number), behind.get(2..).unwrap_or_default());
        }
    }
    match opened {
        Some(line) => {
            let problem = "the comment that begins here does not end; paste up to its `*/`".to_owned();
            Err(HexTextError::Form { line, form: FORM, problem })
        }
        None => Ok(tokens),
    }
}

fn push(code: &str, line: usize, tokens: &mut Vec<Token>) {
    let mut word = String::new();
    for character in code.chars().chain([' ']) {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            tokens.push(Token { line, text: std::mem::take(&mut word) });
        }
        if !character.is_whitespace() {
            tokens.push(Token { line, text: character.to_string() });
        }
    }
}

#[derive(Default)]
struct Arrays {
    bytes: Vec<u8>,
    is_inside: bool,
    had_braces: bool,
    /// Bytes before the array that is read or was read last.
    start: usize,
    /// Words of the declaration.
    declaration: Vec<String>,
    /// Two bytes without a comma between them.
    wants_comma: bool,
}

impl Arrays {
    fn take(&mut self, token: &Token) -> Result<(), HexTextError> {
        let wrong = |problem: String| HexTextError::Form { line: token.line, form: FORM, problem };
        match token.text.as_str() {
            "{" if self.is_inside => {
                return Err(wrong("an array inside an array; paste one of them".to_owned()));
            }
            "{" => (self.is_inside, self.had_braces, self.start) = (true, true, self.bytes.len()),
            "}" => {
                (self.is_inside, self.wants_comma) = (false, false);
                self.check_size(token.line)?;
            }
            // Behind the array `xxd -i` writes its length.
            ";" if !self.is_inside => self.statement(token.line)?,
            "," => self.wants_comma = false,
            hex if hex.starts_with("0x") || hex.starts_with("0X") => {
                if self.had_braces && !self.is_inside {
                    return Err(wrong("a byte outside of the braces".to_owned()));
                }
                if self.wants_comma {
                    return Err(wrong("two bytes without a comma between them".to_owned()));
                }
                let digits = hex.get(2..).unwrap_or_default();
                let byte = u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 2);
                let byte = byte
                    .ok_or_else(|| wrong("expected bytes such as 0x30, found another number".to_owned()))?;
                self.bytes.push(byte);
                self.wants_comma = true;
            }
            _ if self.is_inside => {
                return Err(wrong(
                    "expected bytes such as 0x30 between the braces, found something else".to_owned(),
                ));
            }
            word => self.declaration.push(word.to_owned()),
        }
        Ok(())
    }

    /// The length in `[…]`, if the declaration has one.
    fn check_size(&mut self, line: usize) -> Result<(), HexTextError> {
        let mut words =
            std::mem::take(&mut self.declaration).into_iter().skip_while(|word| word != "[").skip(1);
        let declared = words.next().and_then(|word| word.parse::<usize>().ok());
        self.check(declared, line)
    }

    /// `unsigned int x_len = 59;`, or nothing.
    fn statement(&mut self, line: usize) -> Result<(), HexTextError> {
        let words = std::mem::take(&mut self.declaration);
        let declared = match words.as_slice() {
            [.., name, sign, number] if name.ends_with("_len") && sign == "=" => number.parse::<usize>().ok(),
            _ => None,
        };
        self.check(declared, line)
    }

    fn check(&self, declared: Option<usize>, line: usize) -> Result<(), HexTextError> {
        let found = self.bytes.len() - self.start;
        match declared.filter(|declared| *declared != found) {
            Some(declared) => {
                let problem =
                    format!("the declaration says {declared} bytes, and {found} are here; paste all of it");
                Err(HexTextError::Form { line, form: FORM, problem })
            }
            None => Ok(()),
        }
    }

    fn end(self, line: usize, comments: bool) -> Result<HexText, Stop> {
        if self.is_inside {
            return Err(Stop::form(line, FORM, "the brace is not closed; paste up to its `}`"));
        }
        if self.bytes.is_empty() || !self.had_braces && !self.declaration.is_empty() {
            return Err(Stop::no(line, "no bytes in braces"));
        }
        let mut removed = vec!["the C around the bytes".to_owned()];
        if comments {
            removed.push("comments".to_owned());
        }
        Ok(HexText { bytes: self.bytes, removed, messages: Vec::new() })
    }
}
