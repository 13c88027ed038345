//! What requests and answers hold. The OpenAPI document is made from these types.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use zeroize::Zeroizing;

/// A card number in a request; wiped on drop, and never shown.
pub(crate) struct CardNumber(Zeroizing<String>);

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        // The error of a number that is not in quotes would quote it.
        let text =
            String::deserialize(reader).map_err(|_| D::Error::custom("expected a text of 12 to 19 digits"));
        Ok(Self(Zeroizing::new(text?)))
    }
}

impl CardNumber {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for CardNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CardNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A card number of the bank. It becomes a token at once and is kept nowhere.",
            "type": "string", "pattern": "^[0-9]{12,19}$", "writeOnly": true
        })
    }
}

/// A card to enroll, with its member.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrollment {
    /// The card.
    pub(crate) pan: CardNumber,
    /// The program's code.
    pub(crate) program: String,
    /// The member's number at the co-brand partner. Cards with one number share an account.
    #[serde(default)]
    pub(crate) member_number: String,
    /// The first local date on which purchases count.
    pub(crate) enrolled_on: String,
    /// `main` (if absent), `additional` or `gift`; the latter two on the account of the member who pays.
    #[serde(default)]
    pub(crate) card_kind: String,
    /// Who holds the card, in your words, if not the member.
    #[serde(default)]
    pub(crate) holder: String,
    /// The members of a household may spend together. Counts for a new account.
    #[serde(default)]
    pub(crate) household: String,
    /// `MM-DD`, or `YYYY-MM-DD` if the program needs the year. Counts for a new account.
    #[serde(default)]
    pub(crate) birthday: String,
    /// Counts for a new account.
    #[serde(default)]
    pub(crate) consents: Vec<ConsentGiven>,
    /// At most eight letters A to Z of the member's name, as the partner that keeps the miles asks for them. Counts for a
    /// new account. No answer shows it.
    #[serde(default)]
    pub(crate) name_check: String,
}

/// A consent that was given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentGiven {
    /// To what, such as `marketing`.
    pub(crate) what: String,
    /// To which version of its text.
    pub(crate) version: String,
    /// When, such as `2026-10-01T12:00:00Z`; now if absent.
    #[serde(default)]
    pub(crate) given_at: Option<String>,
}

/// What came of an enrollment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Enrolled {
    /// Whether the card is new; else it was this member's before.
    pub(crate) card_created: bool,
    /// Whether it made a new account. If not, household, birthday and consents stayed as they were.
    pub(crate) account_created: bool,
    /// The last four digits of the card.
    pub(crate) last4: String,
}

/// A new card in place of an old one: the account stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardReplacement {
    /// The program's code.
    pub(crate) program: String,
    /// The old card. What still comes for it finds the account.
    pub(crate) old_pan: CardNumber,
    /// The new card.
    pub(crate) new_pan: CardNumber,
    /// `renewed` (if absent), `damaged`, `lost` or `stolen`; the latter two block the old card.
    #[serde(default)]
    pub(crate) reason: String,
}

/// What came of a replacement.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CardReplaced {
    /// Whether anything was changed; else it was so before.
    pub(crate) changed: bool,
    /// The last four digits of the new card.
    pub(crate) last4: String,
}

/// The block of a card: its new authorizations give no value, its clearing counts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardBlock {
    /// The program's code.
    pub(crate) program: String,
    /// The card.
    pub(crate) pan: CardNumber,
    /// `false` takes the block back; `true` if absent.
    #[serde(default = "yes")]
    pub(crate) blocked: bool,
    /// Why, in your words; kept with the change.
    #[serde(default)]
    pub(crate) reason: String,
}

fn yes() -> bool {
    true
}

/// What came of a block.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CardBlocked {
    /// Whether anything was changed; else it was so before.
    pub(crate) changed: bool,
    /// The last four digits of the card.
    pub(crate) last4: String,
}

/// What shall be otherwise of a member; what is absent stays as it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberPatch {
    /// Another household, or an empty text for none.
    #[serde(default)]
    pub(crate) household: Option<String>,
    /// Another birthday, or an empty text for none.
    #[serde(default)]
    pub(crate) birthday: Option<String>,
    /// `active`; `blocked`: authorizations give nothing, clearing counts; `closed`: purchases after `closed_on` give nothing.
    #[serde(default)]
    pub(crate) status: Option<String>,
    /// The last local date on which purchases count; with `closed` only.
    #[serde(default)]
    pub(crate) closed_on: Option<String>,
    /// Consents that are given or withdrawn.
    #[serde(default)]
    pub(crate) consents: Vec<ConsentPatch>,
    /// Another name check at the partner, or an empty text for none. No answer shows it.
    #[serde(default)]
    pub(crate) name_check: Option<String>,
}

/// A consent that is given, anew or in another version, or withdrawn.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentPatch {
    /// To what, such as `marketing`.
    pub(crate) what: String,
    /// To which version of its text; needed unless it is withdrawn.
    #[serde(default)]
    pub(crate) version: String,
    /// Withdrawn now.
    #[serde(default)]
    pub(crate) withdrawn: bool,
}

/// A member.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Member {
    /// The program's code.
    pub(crate) program: String,
    /// The member's number.
    pub(crate) member_number: String,
    /// `active`, `blocked` or `closed`.
    pub(crate) status: &'static str,
    /// The first local date on which purchases count.
    pub(crate) enrolled_on: String,
    /// The last local date on which purchases count, if the account is closed.
    pub(crate) closed_on: Option<String>,
    /// Empty for none.
    pub(crate) household: String,
    /// Empty if it is not known.
    pub(crate) birthday: String,
    /// What the member has.
    pub(crate) balances: Vec<Balance>,
    /// The member's cards, without their numbers.
    pub(crate) cards: Vec<Card>,
    /// What the member agreed to.
    pub(crate) consents: Vec<Consent>,
}

/// A balance in one unit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Balance {
    /// `miles`, or the code of a currency such as `RUB` for discounts.
    pub(crate) unit: String,
    /// What is booked: miles, or minor units of the currency.
    pub(crate) posted: i64,
    /// What authorizations promise.
    pub(crate) pending: i64,
}

/// A card of a member.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Card {
    /// The last four digits.
    pub(crate) last4: String,
    /// `main`, `additional` or `gift`.
    pub(crate) kind: String,
    /// Who holds it, if not the member.
    pub(crate) holder: String,
    /// Whether its authorizations give nothing.
    pub(crate) blocked: bool,
    /// The last four digits of the card that took its place.
    pub(crate) replaced_by_last4: Option<String>,
}

/// A consent of a member.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Consent {
    /// To what.
    pub(crate) what: String,
    /// To which version of its text.
    pub(crate) version: String,
    /// When it was given.
    pub(crate) given_at: String,
    /// When it was withdrawn.
    pub(crate) withdrawn_at: Option<String>,
}
