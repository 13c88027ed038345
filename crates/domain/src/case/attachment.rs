//! What staff write and attach: bounded, of known kinds, and without card numbers.

use crate::{case::CaseRefusal, holds_card_number};

/// Characters of a comment or a reason.
pub const CASE_TEXT_MAX: usize = 4_000;
/// Bytes of an attachment.
pub const ATTACHMENT_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Characters of its name.
pub const ATTACHMENT_NAME_MAX: usize = 200;
/// Attachments of one case.
pub const ATTACHMENTS_MAX: usize = 20;

/// Whether what staff write can be kept for good.
pub fn check_case_text(text: &str) -> Result<(), CaseRefusal> {
    match text.trim() {
        "" => Err(CaseRefusal::SaysNothing),
        _ if text.chars().count() > CASE_TEXT_MAX => Err(CaseRefusal::TooLong),
        _ if text.contains('\0') => Err(CaseRefusal::Unreadable),
        _ if holds_card_number(text) => Err(CaseRefusal::CardNumber),
        _ => Ok(()),
    }
}

/// What can be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttachmentType {
    /// Plain text.
    Text,
    /// Values separated by commas or semicolons.
    Csv,
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// PDF.
    Pdf,
    /// A picture.
    Png,
    /// A picture.
    Jpeg,
    /// A spreadsheet.
    Xlsx,
}

impl AttachmentType {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Text, Self::Csv, Self::Json, Self::Xml, Self::Pdf, Self::Png, Self::Jpeg, Self::Xlsx];

    /// The media type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Xml => "application/xml",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// By the end of a name; what a browser says of it is not asked.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "txt" | "log" | "eml" | "md" => Some(Self::Text),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "xml" => Some(Self::Xml),
            "pdf" => Some(Self::Pdf),
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// With what its bytes begin; `None`: it is text.
    fn begins_with(self) -> Option<&'static [u8]> {
        match self {
            Self::Text | Self::Csv | Self::Json | Self::Xml => None,
            Self::Pdf => Some(b"%PDF-"),
            Self::Png => Some(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => Some(b"\xff\xd8\xff"),
            Self::Xlsx => Some(b"PK\x03\x04"),
        }
    }
}

/// Whether a file can be attached, and as what. Texts and names are searched for card numbers; pictures, documents and
/// spreadsheets cannot be.
pub fn check_attachment(name: &str, bytes: &[u8]) -> Result<AttachmentType, CaseRefusal> {
    let is_odd = |letter: char| letter.is_control() || matches!(letter, '/' | '\\' | '"' | ':');
    if name.trim().is_empty() || name.starts_with('.') || name.contains(is_odd) {
        return Err(CaseRefusal::AttachmentName);
    }
    if name.chars().count() > ATTACHMENT_NAME_MAX {
        return Err(CaseRefusal::TooLong);
    }
    if holds_card_number(name) {
        return Err(CaseRefusal::CardNumber);
    }
    let kind = AttachmentType::of_name(name).ok_or(CaseRefusal::AttachmentType)?;
    match bytes.len() {
        0 => return Err(CaseRefusal::SaysNothing),
        1..=ATTACHMENT_BYTES_MAX => {}
        _ => return Err(CaseRefusal::TooLong),
    }
    match kind.begins_with() {
        Some(first) if bytes.starts_with(first) => Ok(kind),
        Some(_) => Err(CaseRefusal::AttachmentType),
        None => readable(bytes).map(|()| kind),
    }
}

/// Digits stand as the same bytes in all code pages that have no zero bytes.
fn readable(bytes: &[u8]) -> Result<(), CaseRefusal> {
    match bytes.contains(&0) {
        true => Err(CaseRefusal::Unreadable),
        false if holds_card_number(&String::from_utf8_lossy(bytes)) => Err(CaseRefusal::CardNumber),
        false => Ok(()),
    }
}
