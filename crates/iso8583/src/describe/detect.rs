//! What bytes of unknown origin are: framing, header and dialect, and why not the others.

use std::{cmp::Reverse, collections::BTreeMap, ops::Range};

use super::plausible;
use crate::{
    dialect::Dialect,
    framing::{self, Framing},
    header::{self, Header},
};

/// Messages that are decoded; more tell nothing new.
const LOOKED_AT: usize = 16;

/// What bytes may be.
pub struct Detection {
    /// What fits, the likeliest first, one for each dialect.
    pub fits: Vec<Fit>,
    /// The dialects that do not fit, and why, in the order in which they were given.
    pub misfits: Vec<Misfit>,
}

/// A framing, a header and a dialect in which the bytes decode wholly.
pub struct Fit {
    /// `None`: the bytes are one message.
    pub framing: Option<Framing>,
    /// The header before the message type.
    pub header: Header,
    /// The dialect, with that header.
    pub dialect: Dialect,
    /// Where the messages are, without their frame lengths.
    pub messages: Vec<Range<usize>>,
    /// Only the order says something.
    pub score: i32,
    /// What speaks for it (`+`) and against it (`-`), in words; without card data.
    pub why: Vec<String>,
    /// Other framings and headers in which the same dialect decodes the bytes.
    pub also: Vec<(Option<Framing>, Header)>,
}

/// A dialect in which the bytes do not decode.
pub struct Misfit {
    /// Its name.
    pub dialect: String,
    /// The likeliest framing.
    pub framing: Option<Framing>,
    /// The likeliest header.
    pub header: Header,
    /// Where and why it fails, without card data.
    pub why_not: String,
}

/// The framing by its name; `none` for no framing.
fn framing_name(framing: Option<Framing>) -> String {
    framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string())
}

impl Fit {
    /// The framing by its name; `none` for no framing.
    #[must_use]
    pub fn framing_name(&self) -> String {
        framing_name(self.framing)
    }
}

impl Misfit {
    /// The framing by its name; `none` for no framing.
    #[must_use]
    pub fn framing_name(&self) -> String {
        framing_name(self.framing)
    }
}

/// A way to look at the bytes.
struct View {
    framing: Option<Framing>,
    header: Header,
    messages: Vec<Range<usize>>,
    score: i32,
    why: Vec<String>,
}

/// Tries all framings, headers and dialects on `bytes`: one message, or frames as they were captured.
#[must_use]
pub fn detect<'d>(bytes: &[u8], dialects: impl IntoIterator<Item = &'d Dialect>) -> Detection {
    let views = views(bytes);
    let (mut fits, mut misfits) = (Vec::new(), Vec::new());
    for dialect in dialects {
        let mut views_of =
            views.iter().map(|view| (view, try_view(bytes, view, dialect))).collect::<Vec<_>>();
        views_of.sort_by_key(|(view, outcome)| {
            Reverse(outcome.as_ref().map_or((0, view.score), |fit| (1, fit.score)))
        });
        let also = views_of.iter().skip(1).filter(|(_, outcome)| outcome.is_ok()).take(3);
        let also = also.map(|(view, _)| (view.framing, view.header.clone())).collect();
        match views_of.into_iter().next() {
            Some((_, Ok(fit))) => fits.push(Fit { also, ..fit }),
            Some((_, Err(misfit))) => misfits.push(misfit),
            None => {}
        }
    }
    // A stable sort: of equals that one stays first which was given first.
    fits.sort_by_key(|fit| Reverse(fit.score));
    Detection { fits, misfits }
}

fn views(bytes: &[u8]) -> Vec<View> {
    let mut views = Vec::new();
    for candidate in framing::candidates(bytes) {
        let Some(first) = candidate.messages.first().cloned() else { continue };
        push_views(
            &mut views,
            bytes,
            candidate.framing,
            &candidate.messages,
            &first,
            candidate.score,
            candidate.why,
        );
    }
    if !views.iter().any(|view| view.framing.is_none()) {
        let whole = 0..bytes.len();
        let why = "taken as one message without a frame length".to_owned();
        push_views(&mut views, bytes, None, std::slice::from_ref(&whole), &whole, 0, why);
    }
    views
}

fn push_views(
    views: &mut Vec<View>,
    bytes: &[u8],
    framing: Option<Framing>,
    messages: &[Range<usize>],
    first: &Range<usize>,
    score: u8,
    why: String,
) {
    let mut headers: BTreeMap<String, (Header, u8, String)> = BTreeMap::new();
    headers.insert("none".to_owned(), (Header::NONE, 0, "no header".to_owned()));
    for candidate in header::candidates(bytes.get(first.clone()).unwrap_or_default()) {
        headers.insert(candidate.header.to_string(), (candidate.header, candidate.score, candidate.why));
    }
    for (header, points, words) in headers.into_values() {
        let why = vec![
            format!("+ framing {}: {why}", framing_name(framing)),
            format!("+ header {header}: {words}"),
        ];
        let score = i32::from(score) + i32::from(points);
        views.push(View { framing, header, messages: messages.to_vec(), score, why });
    }
}

fn try_view(bytes: &[u8], view: &View, dialect: &Dialect) -> Result<Fit, Misfit> {
    let named = dialect.clone();
    let dialect = if view.header == *dialect.header() {
        dialect.clone()
    } else {
        dialect.with_header(view.header.clone())
    };
    let (mut points, mut why) = (0, view.why.clone());
    for (at, range) in view.messages.iter().take(LOOKED_AT).enumerate() {
        let message = bytes.get(range.clone()).unwrap_or_default();
        match dialect.decode(message) {
            Ok(message) if at == 0 => {
                let judgement = plausible::judge(&message);
                points = judgement.points;
                why.extend(judgement.why);
            }
            Ok(_) => {}
            Err(error) => {
                let which = if at == 0 { String::new() } else { format!("message {}: ", at + 1) };
                return Err(Misfit {
                    dialect: named.name().to_owned(),
                    framing: view.framing,
                    header: view.header.clone(),
                    why_not: format!("{which}{error}"),
                });
            }
        }
    }
    Ok(Fit {
        framing: view.framing,
        header: view.header.clone(),
        dialect,
        messages: view.messages.clone(),
        score: view.score + points,
        why,
        also: Vec::new(),
    })
}
