//! A message as JSON, and back.

use zeroize::Zeroizing;

use super::{
    Show,
    document_error::DocumentError,
    hidden,
    json::Json,
    layout,
    writing::{self, Writing},
};
use crate::{
    builder::Builder,
    decode_error::DecodeError,
    dialect::Dialect,
    encode::{self, unhex},
    encode_error::{EncodeError, EncodeProblem},
    field_spec::{FieldSpec, Shown},
    format::Class,
    header::Header,
    message::Message,
    mti::Mti,
    place::Place,
    structure::{Part, Structure, Written},
    value::{Value, hexadecimal},
};

/// In front of binary data.
const HEX: &str = "hex:";
/// The key that says that nothing is masked, and its value.
const SHOWN: (&str, &str) = ("shown", "unmasked");
/// In place of a secret, as masking writes it.
const DROPPED: &str = "[dropped]";
/// The least number of digits that masking replaces in a text.
const LEAST_STARS: usize = 9;

/// A message as JSON: dialect, message type, header, data elements as they were sent, and under `wire` what their
/// values do not tell. Values are texts; binary ones begin with `hex:`; those with parts are objects where that
/// gives the same bytes back. `error` is the one with which decoding stopped.
#[must_use]
pub fn to_json(message: &Message<'_>, error: Option<&DecodeError>, show: Show) -> String {
    one_json(message, error, show).pretty()
}

/// Several messages as JSON: one is the object of [`to_json`], more are an array of them. Of one whose message type
/// cannot be read there is only the key `error`.
#[must_use]
pub fn all_to_json<'a>(
    dialect: &Dialect,
    messages: impl IntoIterator<Item = &'a [u8]>,
    show: Show,
) -> String {
    let one = |bytes: &[u8]| match dialect.decode_partial(bytes) {
        (Some(message), error) => one_json(&message, error.as_ref(), show),
        (None, error) => {
            let error = error.map(|error| ("error".to_owned(), Json::text(error.to_string())));
            Json::Object(error.into_iter().collect())
        }
    };
    let mut all: Vec<Json> = messages.into_iter().map(one).collect();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => only.pretty(),
        (last, _) => {
            all.extend(last);
            Json::Array(all).pretty()
        }
    }
}

fn one_json(message: &Message<'_>, error: Option<&DecodeError>, show: Show) -> Json {
    let mut members = vec![
        ("dialect".to_owned(), Json::text(message.dialect().name())),
        ("mti".to_owned(), Json::text(message.mti().as_str())),
    ];
    if show == Show::Unmasked {
        members.push((SHOWN.0.to_owned(), Json::text(SHOWN.1)));
    }
    let is_doubtful = show == Show::Masked && hidden::is_doubtful(message, error.is_some());
    if !message.header().is_empty() {
        members.push(("header".to_owned(), Json::text(hidden::header_of(message, show, is_doubtful))));
    }
    let doubtful = (error.is_some() || is_doubtful).then(|| hidden::bytes_of(message, true));
    let fields = message.values().map(|(de, value)| {
        let json = match &doubtful {
            Some(hidden) => prefixed(&value, hidden::text_of(message, de, show, Some(hidden))),
            None => field_json(message, de, &value, show),
        };
        (de.to_string(), json)
    });
    members.push(("fields".to_owned(), Json::Object(fields.collect())));
    match error {
        // Such a message is not written again, so how it was written is of no use.
        Some(error) => members.push(("error".to_owned(), Json::text(error.to_string()))),
        // How a value was written would tell what is hidden of it.
        None if is_doubtful => {}
        None => members.extend(writing::to_json(message, show).map(|wire| ("wire".to_owned(), wire))),
    }
    Json::Object(members)
}

fn field_json(message: &Message<'_>, de: u8, value: &Value<'_>, show: Show) -> Json {
    if show == Show::Masked && hidden::is_across_parts(message, de) {
        return leaf_json(value, show);
    }
    same_parts(message, de).map_or_else(|| leaf_json(value, show), |parts| parts_json(&parts, show))
}

fn parts_json(parts: &[Part<'_>], show: Show) -> Json {
    let member = |part: &Part<'_>| {
        let inside = part.parts();
        let json = if inside.is_empty() { leaf_json(&part.value(), show) } else { parts_json(inside, show) };
        (part.id().to_owned(), json)
    };
    Json::Object(parts.iter().map(member).collect())
}

fn leaf_json(value: &Value<'_>, show: Show) -> Json {
    let text = match show {
        Show::Masked => value.masked(),
        Show::Unmasked => value.text().into_owned(),
    };
    prefixed(value, text)
}

fn prefixed(value: &Value<'_>, text: String) -> Json {
    let prefix = if value.spec().format.class == Class::Binary && text != DROPPED { HEX } else { "" };
    Json::text(format!("{prefix}{text}"))
}

/// The parts of a data element, if there are any and writing them gives the bytes that were sent.
fn same_parts<'a>(message: &Message<'a>, de: u8) -> Option<Vec<Part<'a>>> {
    let parts = message.parts(de).ok().filter(|parts| !parts.is_empty())?;
    let written = Written::Parts(written_parts(&parts)?);
    let sent = message.bytes().get(layout::whole_field(message, de)?)?;
    let mut out = Zeroizing::new(Vec::new());
    encode::written(message.dialect().field(de)?, &written, 0, &mut out).ok()?;
    (out.as_slice() == sent).then_some(parts)
}

/// `None` where an id comes twice: an object cannot say that.
pub(super) fn written_parts(parts: &[Part<'_>]) -> Option<Vec<(String, Written)>> {
    let once = |at: usize, id: &str| !parts.iter().take(at).any(|other| other.id() == id);
    let one = |(at, part): (usize, &Part<'_>)| {
        let value = match part.parts() {
            [] => Written::text(part.value().text()),
            inside => Written::Parts(written_parts(inside)?),
        };
        once(at, part.id()).then(|| (part.id().to_owned(), value))
    };
    parts.iter().enumerate().map(one).collect()
}

/// A data element as it is written from what JSON says of its value.
pub(super) fn written_like_values(message: &Message<'_>, de: u8) -> Option<Vec<u8>> {
    if same_parts(message, de).is_some() {
        return Some(message.bytes().get(layout::whole_field(message, de)?)?.to_vec());
    }
    let mut out = Vec::new();
    encode::field(message.dialect().field(de)?, &message.text(de)?, &mut out).ok()?;
    Some(out)
}

/// A message that was read from JSON.
pub struct Document {
    dialect: Option<String>,
    mti: Mti,
    header: Option<Vec<u8>>,
    fields: Vec<(u8, Json)>,
    writing: Writing,
    /// It says that nothing is masked: stars are stars.
    is_unmasked: bool,
}

impl Document {
    /// Reads the JSON that [`to_json`] writes.
    ///
    /// # Errors
    ///
    /// What is no such JSON, with its line or the path of the key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        Self::of(serde_json::from_str(text).map_err(|error| DocumentError::syntax(&error))?)
    }

    /// Reads one message or several: an object, an array of objects as [`all_to_json`] writes it, or objects one
    /// behind the other, as in a file with one of them in each line.
    ///
    /// # Errors
    ///
    /// What is no such JSON, with its line or the path of the key, and of which message if there are several.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, DocumentError> {
        let values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
        let values: Result<Vec<Json>, _> = values.collect();
        let mut values = values.map_err(|error| DocumentError::syntax(&error))?;
        if let [Json::Array(_)] = values.as_slice()
            && let Some(Json::Array(items)) = values.pop()
        {
            values = items;
        }
        if values.is_empty() {
            return Err(DocumentError::key("message", "an object"));
        }
        let count = values.len();
        let one = |(number, json): (usize, Json)| {
            Self::of(json).map_err(|error| if count > 1 { error.in_message(number) } else { error })
        };
        (1..).zip(values).map(one).collect()
    }

    fn of(json: Json) -> Result<Self, DocumentError> {
        let Json::Object(members) = json else {
            return Err(DocumentError::key("message", "an object"));
        };
        let (mut mti, mut fields, mut is_unmasked) = (None, None, false);
        let (mut dialect, mut header, mut writing) = (None, None, Writing::default());
        for (key, value) in members {
            match (key.as_str(), value) {
                ("dialect", Json::Text(name)) => dialect = Some(name.to_string()),
                ("mti", Json::Text(text)) => mti = Mti::parse(text.as_bytes()),
                ("header", Json::Text(text)) if text.as_str() == DROPPED => {
                    let (place, problem) = (Place::Header, EncodeProblem::Masked);
                    return Err(EncodeError { place, part: String::new(), problem }.into());
                }
                ("header", Json::Text(text)) => {
                    let bytes = unhex(&text);
                    header = Some(bytes.ok_or_else(|| DocumentError::key("header", "hexadecimal digits"))?);
                }
                ("fields", Json::Object(members)) => fields = Some(elements(members)?),
                (key, Json::Text(text)) if (key, text.as_str()) == SHOWN => is_unmasked = true,
                ("shown", _) => return Err(DocumentError::key(key, "`unmasked`, or no such key")),
                ("wire", json) => writing = Writing::from_json(&json)?,
                ("error", _) => return Err(DocumentError::Incomplete),
                ("dialect" | "mti" | "header", _) => return Err(DocumentError::key(key, "a text")),
                ("fields", _) => return Err(DocumentError::key(key, "an object")),
                _ => {
                    return Err(DocumentError::key(key, "one of dialect, mti, shown, header, fields, wire"));
                }
            }
        }
        let mti = mti.ok_or_else(|| DocumentError::key("mti", "a text of four digits"))?;
        let fields = fields.ok_or_else(|| DocumentError::key("fields", "an object of data elements"))?;
        Ok(Self { dialect, mti, header, fields, writing, is_unmasked })
    }

    /// The name of the dialect that it was described in.
    #[must_use]
    pub fn dialect(&self) -> Option<&str> {
        self.dialect.as_deref()
    }

    /// Writes the message, without a frame length.
    ///
    /// # Errors
    ///
    /// When the dialect does not allow what is in it, and when a value is masked.
    pub fn encode(&self, dialect: &Dialect) -> Result<Vec<u8>, DocumentError> {
        let dialect = self.with_header(dialect)?;
        let mut builder = Builder::new(self.mti);
        builder.write_like(&dialect, self.header.clone(), self.writing.bitmaps(&dialect)?);
        if let Some(de) = self.writing.elements().find(|de| !self.fields.iter().any(|(other, _)| other == de))
        {
            return Err(DocumentError::key(format!("wire.as_sent.{de}"), "an element that fields has too"));
        }
        for (de, json) in &self.fields {
            let spec = dialect.field(*de).ok_or_else(|| refused(*de, "", EncodeProblem::Undefined))?;
            let value = Reading { de: *de, path: String::new(), is_unmasked: self.is_unmasked }
                .value(Some(spec), json)?;
            match (self.writing.as_sent(*de), value) {
                (Some(sent), Written::Text(text)) => {
                    let sent = writing::value_of(spec, *de, sent).filter(|sent| *sent.text() == **text);
                    let sent = sent.ok_or_else(|| {
                        let path = format!("wire.as_sent.{de}");
                        DocumentError::key(
                            path,
                            "bytes with the value in fields; leave it out after a change",
                        )
                    })?;
                    builder.copy_value(*de, &sent);
                }
                (_, value) => builder.put(*de, value),
            }
        }
        Ok(builder.encode(&dialect)?)
    }

    /// The dialect, with a header that takes that of the message.
    fn with_header(&self, dialect: &Dialect) -> Result<Dialect, DocumentError> {
        let Some(bytes) = &self.header else { return Ok(dialect.clone()) };
        if dialect.header().split(bytes) == Ok(bytes.len()) {
            return Ok(dialect.clone());
        }
        let header: Result<Header, _> = format!("bytes:{}:{}", bytes.len(), hexadecimal(bytes)).parse();
        let header = header.map_err(|_| DocumentError::key("header", "at most 64 bytes"))?;
        Ok(dialect.with_header(header))
    }
}

fn elements(members: Vec<(String, Json)>) -> Result<Vec<(u8, Json)>, DocumentError> {
    let one = |(key, json): (String, Json)| {
        let de = key.parse().ok().filter(|de: &u8| *de > 0 && de.to_string() == key);
        if matches!(json, Json::Array(_)) {
            return Err(DocumentError::key(format!("fields.{key}"), "a text, or an object of parts"));
        }
        Ok((de.ok_or_else(|| DocumentError::key(format!("fields.{key}"), "the number of an element"))?, json))
    };
    members.into_iter().map(one).collect()
}

fn refused(de: u8, part: &str, problem: EncodeProblem) -> DocumentError {
    DocumentError::from(EncodeError { place: Place::Field(de), part: part.to_owned(), problem })
}

/// Where in a data element a value is read.
struct Reading {
    de: u8,
    /// Empty, or `.0105`.
    path: String,
    is_unmasked: bool,
}

impl Reading {
    /// `spec` is unknown for tags of chip data that the dialect does not describe.
    fn value(&self, spec: Option<&FieldSpec>, json: &Json) -> Result<Written, DocumentError> {
        match json {
            Json::Object(members) => {
                let inside = spec.and_then(|spec| spec.inside.as_ref());
                let one = |(id, json): &(String, Json)| {
                    let reading = Self { path: format!("{}.{id}", self.path), ..*self };
                    let spec = inside.and_then(|inside| part_spec(inside, id));
                    Ok((id.clone(), reading.value(spec, json)?))
                };
                Ok(Written::Parts(members.iter().map(one).collect::<Result<_, DocumentError>>()?))
            }
            Json::Text(text) if !self.is_unmasked && is_masked(spec.map(|spec| spec.shown), text) => {
                Err(refused(self.de, &self.path, EncodeProblem::Masked))
            }
            Json::Text(text) => {
                let binary = spec.is_none_or(|spec| spec.format.class == Class::Binary);
                let text = text.strip_prefix(HEX).filter(|_| binary).unwrap_or(text);
                Ok(Written::text(text))
            }
            Json::Number(_) | Json::Array(_) => {
                let path = format!("fields.{}{}", self.de, self.path);
                Err(DocumentError::key(path, "a text: zeros in front of a number matter"))
            }
        }
    }
}

fn part_spec<'a>(inside: &'a Structure, id: &str) -> Option<&'a FieldSpec> {
    match inside {
        Structure::Positional(specs) => specs.get(id.parse::<usize>().ok()?.checked_sub(1)?),
        Structure::Delimited(delimited) => delimited.parts.get(id.parse::<usize>().ok()?.checked_sub(1)?),
        Structure::Tagged(tagged) => Some(tagged.parts.get(id).unwrap_or(&tagged.other)),
        Structure::BerTlv(specs) => specs.get(id),
        Structure::Bitmapped(bitmapped) => bitmapped.parts.get(&id.parse().ok()?),
    }
}

/// Whether a text is what masking leaves.
fn is_masked(shown: Option<Shown>, text: &str) -> bool {
    text == DROPPED
        || match shown {
            Some(Shown::Open) => false,
            Some(Shown::Pan) => text.contains('*'),
            _ => longest_stars(text) >= LEAST_STARS,
        }
}

/// The longest row of stars; blanks and dashes do not end it.
fn longest_stars(text: &str) -> usize {
    let (mut longest, mut row) = (0, 0);
    for character in text.chars() {
        row = match character {
            '*' => row + 1,
            ' ' | '-' => row,
            _ => 0,
        };
        longest = longest.max(row);
    }
    longest
}
