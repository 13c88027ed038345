//! What a dialect file calls itself and its parts, and what it takes out of the dialect that it extends.

use super::{DialectFile, FieldFile, MessageFile, error::DialectError};
use crate::dialects;

type Result = std::result::Result<(), DialectError>;

/// Names and notes stand in documents and on screens, each in a line of its own.
pub(super) fn check(file: &DialectFile) -> Result {
    if let Some(name) = file.name.as_deref().filter(|name| dialects::source(name).is_some()) {
        let expected = format!(
            "a name of its own, such as bank-a; {name} is a built-in dialect, whose bytes may differ"
        );
        return Err(DialectError::at("name", expected));
    }
    one_line("title", file.title.as_deref())?;
    for (de, field) in &file.fields {
        field_names(&format!("fields.{de}"), field)?;
    }
    for (mti, message) in &file.messages {
        message_names(&format!("messages.{mti}"), message)?;
    }
    Ok(())
}

fn field_names(path: &str, field: &FieldFile) -> Result {
    one_line(&format!("{path}.name"), field.name.as_deref())?;
    let Some(inside) = &field.inside else { return Ok(()) };
    for (id, part) in &inside.parts {
        field_names(&format!("{path}.inside.parts.{id}"), part)?;
    }
    inside.other.iter().try_for_each(|other| field_names(&format!("{path}.inside.other"), other))
}

fn message_names(path: &str, message: &MessageFile) -> Result {
    one_line(&format!("{path}.name"), message.name.as_deref())?;
    for (key, texts) in [("conditional", &message.conditional), ("notes", &message.notes)] {
        for (de, text) in texts {
            one_line(&format!("{path}.{key}.{de}"), Some(text))?;
        }
    }
    Ok(())
}

fn one_line(path: &str, text: Option<&str>) -> Result {
    match text.filter(|text| text.chars().any(char::is_control)) {
        Some(_) => {
            Err(DialectError::at(path, "one line of text, found a line end or another control character"))
        }
        None => Ok(()),
    }
}

/// What is taken out of the fields must not stand in the message types that are left as they were.
pub(super) fn check_absent(file: &DialectFile, whole: &DialectFile) -> Result {
    for (key, _) in file.fields.iter().filter(|(_, field)| field.absent) {
        let Ok(de) = key.parse::<u8>() else { continue };
        let inherited = whole.messages.iter().filter(|(mti, _)| !file.messages.contains_key(*mti));
        let listing: Vec<&str> =
            inherited.filter(|(_, message)| lists(message, de)).map(|(mti, _)| mti.as_str()).collect();
        if !listing.is_empty() {
            let expected = format!(
                "no message type of the extended dialect to list it, found {}: write those under [messages] without \
                 it, or with absent = true",
                listing.join(", ")
            );
            return Err(DialectError::at(format!("fields.{key}.absent"), expected));
        }
    }
    Ok(())
}

fn lists(message: &MessageFile, de: u8) -> bool {
    let lists = [&message.mandatory, &message.optional, &message.mandatory_echo, &message.conditional_echo];
    lists.iter().any(|list| list.contains(&de)) || message.conditional.contains_key(&de.to_string())
}
