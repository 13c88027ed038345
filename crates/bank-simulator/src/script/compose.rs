//! From a draft to a message: who the parties are, and the numbers that tell messages apart.

use std::collections::BTreeMap;

use iso8583::{Builder, Mti, Pan};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{
    agreed::Agreed,
    draft::{Amount, Draft, Edit, Place, Whose},
};
use crate::{random::SplitMix64, traffic::Merchant, wire::NetworkCodes};

/// DE22: chip, PIN possible.
const ENTRY_MODE: &str = "051";
/// DE95 behind its first amount: settlement amount and two fees.
const REPLACEMENT_REST: usize = 30;
/// DE74 to DE89: counts and amounts of a window.
const TOTALS: std::ops::RangeInclusive<u8> = 74..=89;
/// DE97: what they come to.
const NET: u8 = 97;
/// The presentment of a bank that sends no advices.
const SINGLE_MESSAGE: &str = "0200";
/// DE11 has six digits.
const STANS: u64 = 999_999;

/// Where a bank's presentments come from, as it has declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearingSource {
    /// 0220.
    Advice,
    /// Clearing files.
    File,
    /// 0200.
    SingleMessage,
}

/// With whom a script is played.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The card of a member.
    pub member: Pan,
    /// A card of the bank that belongs to no member.
    pub stranger: Pan,
    /// A card in none of the bank's ranges, if one is known.
    pub other_bank: Option<Pan>,
    /// A merchant of no partner.
    pub plain: Merchant,
    /// A merchant of a partner who gives a discount at the till, if there is one.
    pub till: Option<Merchant>,
    /// DE49.
    pub currency: String,
    /// What a purchase costs, in minor units.
    pub amount_minor: u64,
    /// What purchases are worth, as far as the operator states it.
    pub agreed: Agreed,
    /// How the bank clears.
    pub clearing_source: ClearingSource,
    /// The bank's zone, for DE12 and DE13.
    pub zone: TimeZone,
}

/// Makes messages. The same seed and the same instant give the same messages.
#[derive(Clone, Debug)]
pub struct Composer {
    parties: Parties,
    seed: u64,
    at: Timestamp,
    random: SplitMix64,
    stan_first: u64,
    count: u64,
    purchases: BTreeMap<u8, OfPurchase>,
    codes: NetworkCodes,
}

/// What the messages of a purchase share.
#[derive(Clone, Debug)]
struct OfPurchase {
    retrieval: String,
    approval: String,
    local_time: String,
    local_date: String,
}

/// What was sent and answered before, by label.
pub(super) trait Memory {
    fn sent(&self, label: &str) -> Option<&Builder>;
    fn answer(&self, label: &str) -> Option<&Builder>;
}

impl Composer {
    /// Messages with DE7 from `at` on, one second for each; DE11, DE37 and DE38 from `seed`, `at` and the script's
    /// name, so that a script has the same messages whichever others are played.
    #[must_use]
    pub fn new(parties: Parties, seed: u64, at: Timestamp) -> Self {
        let random = SplitMix64::new(seed);
        let (purchases, codes) = (BTreeMap::new(), NetworkCodes::default());
        let mut composer = Self { parties, seed, at, random, stan_first: 0, count: 0, purchases, codes };
        composer.begin("", &NetworkCodes::default());
        composer
    }

    /// With whom.
    #[must_use]
    pub const fn parties(&self) -> &Parties {
        &self.parties
    }

    /// Begins another script, on a link with these codes of network management.
    pub(super) fn begin(&mut self, name: &str, codes: &NetworkCodes) {
        self.codes.clone_from(codes);
        // FNV-1a over name and time: it only has to differ.
        let at = self.at.as_second().to_be_bytes();
        let mixed = name.bytes().chain(at).fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        self.random = SplitMix64::new(self.seed ^ mixed);
        self.stan_first = self.random.below(STANS);
        self.count = 0;
        self.purchases.clear();
    }

    pub(super) fn compose(&mut self, draft: &Draft, memory: &impl Memory) -> Result<Builder, String> {
        let mti = Mti::parse(self.type_of(draft).as_bytes()).ok_or("a message type has four digits")?;
        let message = match (mti.class(), draft.names) {
            (8, _) => self.fresh(mti),
            (5, Some(label)) => {
                let answer = memory.answer(label).ok_or("the totals to state did not come")?;
                stated(self.totals(mti), answer)
            }
            (5, None) => self.totals(mti),
            (4, Some(label)) => {
                let original = memory.sent(label).ok_or("the message to reverse was not sent")?;
                self.reversal(mti, original)?
            }
            (_, Some(label)) => {
                let original = memory.sent(label).ok_or("the message to name was not sent")?;
                self.purchase_message(mti, draft, memory)?.set(90, original_data(original)?)
            }
            (_, None) => self.purchase_message(mti, draft, memory)?,
        };
        Ok(draft.edits.iter().fold(message, |message, edit| self.edited(message, *edit, memory)))
    }

    /// A presentment has the type by which this bank clears.
    fn type_of(&self, draft: &Draft) -> &'static str {
        let by_request = self.parties.clearing_source == ClearingSource::SingleMessage;
        if draft.presents && by_request { SINGLE_MESSAGE } else { draft.mti }
    }

    pub(super) fn edited(&self, message: Builder, edit: Edit, memory: &impl Memory) -> Builder {
        match edit {
            Edit::Set(de, value) => message.set(de, value),
            Edit::Remove(de) => message.remove(de),
            Edit::Network(code) => match code.of(&self.codes) {
                Some(code) => message.set(70, code),
                None => message.remove(70),
            },
            Edit::Copy { to, from } => {
                let value = message.get(from).unwrap_or_default().to_owned();
                message.set(to, value)
            }
            Edit::Increase(de) => match message.get(de).map(|value| (value.len(), value.parse::<u64>())) {
                Some((digits, Ok(number))) => {
                    message.set(de, format!("{:0digits$}", number.saturating_add(1)))
                }
                _ => message,
            },
            // Without it the message stays as it is: the answer that lacks it was blamed already.
            Edit::Answered { de, to } => match memory.answer(to).and_then(|answer| answer.get(de)) {
                Some(value) => message.set(de, value),
                None => message,
            },
            Edit::Amount(share) => message.set(4, format!("{:012}", self.share(share))),
            Edit::Remaining(share) => {
                message.set(95, format!("{:012}{:0REPLACEMENT_REST$}", self.share(share), 0))
            }
        }
    }

    fn share(&self, per_mille: u64) -> u64 {
        let share = u128::from(self.parties.amount_minor) * u128::from(per_mille) / 1000;
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// DE7 and DE11 of the next message.
    fn fresh(&mut self, mti: Mti) -> Builder {
        self.count += 1;
        let stan = (self.stan_first + self.count) % STANS + 1;
        Builder::new(mti).set(7, self.now().strftime("%m%d%H%M%S").to_string()).set(11, format!("{stan:06}"))
    }

    /// The bank's date by the time in its messages.
    pub(super) fn today(&self) -> Date {
        self.now().to_zoned(self.parties.zone.clone()).date()
    }

    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.count).unwrap_or_default();
        self.at.checked_add(seconds.seconds()).unwrap_or(self.at)
    }

    fn purchase_message(&mut self, mti: Mti, draft: &Draft, memory: &impl Memory) -> Result<Builder, String> {
        let message = self.fresh(mti);
        let purchase = self.of_purchase(draft.purchase);
        let (pan, merchant) = (self.card(draft.card)?, self.merchant(draft.place)?);
        let amount = match draft.amount {
            Amount::PerMille(share) => format!("{:012}", self.share(share)),
            Amount::AnsweredTo(label) => {
                let answer = memory.answer(label).and_then(|answer| answer.get(4));
                answer.ok_or("the answer with the amount did not come")?.to_owned()
            }
        };
        let message = message
            .set(2, pan.expose())
            .set(3, "000000")
            .set(4, amount)
            .set(12, purchase.local_time)
            .set(13, purchase.local_date)
            .set(18, merchant.mcc.clone())
            .set(22, ENTRY_MODE)
            .set(25, "00")
            .set(32, merchant.acquirer.clone())
            .set(37, purchase.retrieval)
            .set(41, format!("{:<8}", merchant.terminal))
            .set(42, format!("{:<15}", merchant.card_acceptor))
            .set(49, self.parties.currency.clone());
        // An advice tells what the issuer has decided.
        Ok(if mti.function() == 2 && mti.class() != 4 {
            message.set(38, purchase.approval).set(39, "00")
        } else {
            message
        })
    }

    /// Asks for the totals of the business day without stating any.
    fn totals(&mut self, mti: Mti) -> Builder {
        let message = self.fresh(mti);
        let date = self.now().to_zoned(self.parties.zone.clone()).strftime("%m%d").to_string();
        message
            .set(15, date)
            .set(32, self.parties.plain.acquirer.clone())
            .set(50, self.parties.currency.clone())
    }

    fn of_purchase(&mut self, number: u8) -> OfPurchase {
        if let Some(known) = self.purchases.get(&number) {
            return known.clone();
        }
        let local = self.now().to_zoned(self.parties.zone.clone());
        let made = OfPurchase {
            // Never zeros only: those are no reference.
            retrieval: format!("{:012}", self.random.between(1, 999_999_999_999)),
            approval: format!("{:06}", self.random.below(1_000_000)),
            local_time: local.strftime("%H%M%S").to_string(),
            local_date: local.strftime("%m%d").to_string(),
        };
        self.purchases.insert(number, made.clone());
        made
    }

    fn card(&self, whose: Whose) -> Result<&Pan, String> {
        match whose {
            Whose::Member => Ok(&self.parties.member),
            Whose::Stranger => Ok(&self.parties.stranger),
            Whose::OtherBank => {
                self.parties.other_bank.as_ref().ok_or("no card of another bank is known".into())
            }
        }
    }

    fn merchant(&self, place: Place) -> Result<&Merchant, String> {
        match place {
            Place::Plain => Ok(&self.parties.plain),
            Place::Till => {
                self.parties.till.as_ref().ok_or("no merchant with a till discount is known".into())
            }
        }
    }

    /// All of the original but what the issuer said, with a time and a number of its own.
    fn reversal(&mut self, mti: Mti, original: &Builder) -> Result<Builder, String> {
        let fresh = self.fresh(mti);
        let own = |de| fresh.get(de).unwrap_or_default();
        Ok(original
            .clone()
            .with_mti(mti)
            .remove(38)
            .remove(39)
            .remove(60)
            .set(7, own(7))
            .set(11, own(11))
            .set(90, original_data(original)?))
    }
}

/// The totals of an answer in a request for the same window.
fn stated(request: Builder, answer: &Builder) -> Builder {
    let told = TOTALS.filter_map(|de| Some((de, answer.get(de)?)));
    let request = told.fold(request, |request, (de, value)| request.set(de, value));
    match answer.get(NET) {
        Some(net) => request.set(NET, net),
        None => request,
    }
}

/// DE90: how a later message names this one.
fn original_data(original: &Builder) -> Result<String, String> {
    let field = |de| original.get(de).ok_or("the original lacks what DE90 needs");
    let mti = original.mti().without_repeat();
    Ok(format!("{mti}{}{}{:0>11}{:011}", field(11)?, field(7)?, field(32)?, 0))
}
