//! From a card's token to where its rows lie: a cache before one bounded resolver.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use domain::Bucket;
use store::{By, CardKind, CardToken, ChangeError, MessageRecord, NewMember, Pool, Profile, Route};

use crate::{RuleBook, translate::Translated};

/// Routes kept in memory: about 100 bytes each, so about 100 MB at the most.
const CACHE_MAX: usize = 1_000_000;

/// Finds the route of a card, enrolling it first if its range says so.
pub struct Router {
    cache: RwLock<HashMap<CardToken, Route>>,
    pool: Pool,
    rules: Arc<RuleBook>,
}

impl Router {
    /// An empty cache over the database.
    pub fn new(pool: Pool, rules: Arc<RuleBook>) -> Self {
        Self { cache: RwLock::new(HashMap::new()), pool, rules }
    }

    /// The rules by which members are found, and decided on.
    pub(crate) fn rules(&self) -> &RuleBook {
        &self.rules
    }

    /// The route of a card that was met before; routes never change, so the answer is safe.
    pub(crate) fn known(&self, translated: &Translated) -> Option<Route> {
        let cache = self.cache.read().ok()?;
        translated.tokens.iter().find_map(|token| cache.get(token).copied())
    }

    /// The route from the database. A card that is unknown is asked for again each time: it may be enrolled.
    pub(crate) async fn look_up(&self, translated: &Translated) -> Result<Option<Route>, store::StoreError> {
        let found = store::routes(&self.pool, &translated.tokens).await?;
        let route = match found.into_iter().flatten().next() {
            Some(route) => Some(route),
            None => self.enroll_by_range(translated).await?,
        };
        if let (Some(route), Some(token)) = (route, translated.tokens.first()) {
            self.remember(*token, route);
        }
        Ok(route)
    }

    fn remember(&self, token: CardToken, route: Route) {
        if let Ok(mut cache) = self.cache.write() {
            if cache.len() >= CACHE_MAX {
                cache.clear();
            }
            cache.insert(token, route);
        }
    }

    async fn enroll_by_range(&self, translated: &Translated) -> Result<Option<Route>, store::StoreError> {
        let ranges = self.rules.auto_enroll();
        let range = ranges.iter().find(|auto| auto.bins.iter().any(|bin| bin.contains(&translated.pan)));
        let (Some(range), Some(token)) = (range, translated.tokens.first()) else { return Ok(None) };
        let new = NewMember {
            token: *token,
            last4: translated.pan.last4().to_owned(),
            bank: range.bank,
            program: range.program,
            member_number: String::new(),
            // A range has no date of its own: all of the card's purchases count, in whatever order they come.
            enrolled_on: jiff::civil::Date::constant(2000, 1, 1),
            // Nobody has said more of the card: its own account, in no household.
            kind: CardKind::Main,
            holder: String::new(),
            profile: Profile::default(),
        };
        let by = By { who: "range".to_owned(), at: translated.received_at() };
        match store::enroll(&self.pool, &new, &by).await {
            Ok(enrolled) => Ok(Some(enrolled.route)),
            Err(ChangeError::Store(error)) => Err(error),
            // The program belongs to another bank, or the card to another account by now: it is no member here.
            Err(ChangeError::Refused(_)) => Ok(None),
        }
    }
}

/// Completes a message with its route, or with the bucket in which an unknown card's messages lie.
pub(crate) fn route(translated: Translated, route: Option<Route>) -> MessageRecord {
    // A card that another bank enrolled is no member here.
    match route.filter(|route| route.bank == translated.bank()) {
        Some(route) => translated.routed(route.bucket, Some((route.member, route.card))),
        None => {
            let bucket: Bucket = translated.fallback_bucket();
            translated.routed(bucket, None)
        }
    }
}
