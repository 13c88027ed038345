//! Why a decision came out as it did, as data that is stored with it.

/// The version of the stored form; readers of older versions are kept.
pub const EXPLANATION_VERSION: u16 = 1;

/// Every code that a decision can give as its reason, in an explanation or in a reply. `altered_repeat:DE4` and the
/// like are the code before the colon. Whoever shows reasons to people has words for each.
pub const REASONS: &[&str] = &[
    // eligibility
    "not_a_member",
    "enrolled_after_the_purchase",
    "account_closed_before_the_purchase",
    "account_blocked",
    "card_blocked",
    "reversal_names_no_original",
    "transaction_type_without_loyalty",
    "currency_without_billing_amount",
    "clearing_from_another_source",
    "corrected_from_another_source",
    "presentment_already_cleared",
    "chargeback_already_taken",
    "chargeback_of_a_refund",
    "twice_in_its_file",
    "may_be_another_part",
    "another_amount_stands",
    "another_billing_amount_stands",
    "another_function_stands",
    "another_reference_stands",
    "charged_back_before_its_presentment",
    "refund_is_booked_when_cleared",
    "altered_repeat",
    "malfunction",
    // match
    "stands_alone",
    "matched_by_original_data_elements",
    "matched_by_a_message_that_named_this_one",
    "matched_by_acquirer_reference",
    "matched_by_life_cycle_id",
    "matched_by_retrieval_reference",
    "matched_by_the_same_record",
    "raised_again_after_its_reversal",
    "original_not_seen_yet",
    "original_belongs_to_another_account",
    "already_reversed",
    "original_without_amount",
    "reverses_what_was_not_booked",
    // merchant
    "matched_by_terminal",
    "matched_by_sub_merchant",
    "matched_by_card_acceptor",
    "not_in_the_map",
    "sub_merchant_not_in_the_map",
    // rules that do not apply
    "mcc_excluded",
    "not_a_purchase",
    "not_effective",
    "partner",
    "mcc",
    "mcc_excepted",
    "weekday",
    "month_day",
    "amount_too_small",
    "amount_too_large",
    "tier",
    "another_came_first",
    "another_gives_more",
    // miles
    "no_base_rate_on_this_date",
    "base_rate",
    "bonus",
    "cap_truncates",
    "below_cap",
    // discounts
    "below_minimum",
    "statement_credit",
    "at_till",
    "till_discount_was_not_offered",
    "till_discount_confirmed",
    "till_discount_awaits_clearing",
    "till_discount_cancelled_by_gross_clearing",
    "till_discount_unconfirmed_break",
    // results
    "estimate",
    "cleared",
    "refunded",
    "charged_back",
    "presented_again",
    "presented_again_before_its_chargeback",
    "chargeback_was_reversed",
    "reversed",
    "authorization_reversed",
    "authorization_was_reversed_or_declined",
    "already_cleared",
    "declined_by_the_issuer",
    "refund_was_reversed",
    "a_reversal_waits_beside_it",
    "reversed_though_it_differs",
    "presentment_was_reversed",
    "completed_without_amount",
    "refund_of_nothing",
    "hold_expired",
    "hold_has_expired",
    "hold_is_not_open",
    "hold_was_prolonged",
    "qualifying_units",
    "tier_reached",
    "tier_kept",
    "tier_lost",
    "no_tier_to_review",
    "below_the_first_mile",
    // discounts of fixed amounts
    "nothing_would_be_left",
    "hours",
    // corrections
    "rerated",
    "reattributed",
    "version_of_another_program",
    "correction_was_made_already",
    "correction_moves_nothing",
    // limits and budgets
    "limit_reached",
    "budget_used_up",
    // rate tables
    "converted_by_rate_table",
    "no_rate_for_the_day",
    // miles after they are booked
    "miles_expired",
    "no_miles_to_expire",
    "miles_have_time_left",
    "miles_kept_by_activity",
    "miles_reserved",
    "redemption_confirmed",
    "redemption_cancelled",
    "redemption_lapsed",
    "redemption_not_offered",
    "redemption_not_found",
    "redemption_is_not_open",
    "redemption_is_a_transfer",
    "redemption_has_time_left",
    "below_redemption_minimum",
    "above_redemption_share",
    "not_enough_miles",
    "adjusted",
    "adjusts_nothing",
    "miles_sent",
    "miles_arrived",
    "transfers_nothing",
    "taken_from_lot",
    "returned_to_lot",
    "debt_covered_from_lot",
    "taken_back_from_expired",
    "debt_of_the_member",
    "debt_borne_by_funder",
    // miles that pay for a purchase, asked for in its authorization
    "redemption_in_requests_only",
    "no_redemption_on_a_preauthorization",
    "redemption_pays_for_purchases_only",
    "redemption_in_the_first_request_only",
    "redemption_in_another_currency",
    "redemption_was_not_answered",
    "redemption_ended_with_its_hold",
    "redemption_refunded",
    "redemption_cancelled_by_gross_clearing",
    "redemption_unconfirmed_break",
    "redemption_follows_its_purchase",
    // coupons
    "no_coupon_shown",
    "coupon_unknown",
    "coupon_not_looked_up",
    "coupon_of_another_member",
    "coupon_revoked",
    "coupon_of_another_campaign",
    "coupon_not_yet_valid",
    "coupon_ended",
    "coupon_used_up",
    "coupon_used_by_member",
    "coupon_counts",
    "another_coupon_counts",
    "coupon_without_use",
    "household_spends_apart",
    // miles that the partner keeps
    "miles_kept_by_the_partner",
    "refused_by_the_partner",
    "refused_when_taken_back",
    "kept_by_the_partner",
    "taken_back_from_refused",
    "given_back_to_funder",
    // refunds that came without their purchase
    "refund_matched",
    "matched_by_likeness",
    "matched_by_staff",
    "same_terminal",
    "same_card_acceptor",
    "same_partner",
    "same_category",
    "exact_amount",
    "amount_within",
    "recent_purchase",
    "rest_stands_alone",
    "refund_left_alone",
    "refund_was_matched_already",
    "refund_has_its_purchase",
    "nothing_left_to_refund",
    "purchase_has_changed",
    // the member's birthday
    "birthday",
    "birthday_unknown",
];

/// The names of all values in explanations. Those in `_minor` and `amount_` are minor units.
pub const VALUES: &[&str] = &[
    "amount_minor",
    "amount_from",
    "amount_below",
    "amount_min",
    "discount_max",
    "before_maximum",
    "left_minor",
    "discount_minor",
    "original_minor",
    "offered_minor",
    "cleared_minor",
    "held_minor",
    "until",
    "counted_before_minor",
    "counts_after_minor",
    "miles",
    "base_miles",
    "granted",
    "miles_max",
    "granted_elsewhere",
    "granted_here",
    "asked",
    "allowed",
    "miles_per",
    "times_base",
    "percent",
    "rounding",
    "funder",
    "partner",
    "map",
    "map_line",
    "map_origin",
    "mcc",
    "date",
    "taken",
    "purchase",
    "original",
    "tier",
    "tier_before",
    "qualifying_units",
    "units_per",
    "units_from",
    "year",
    "fixed_minor",
    "tier_from_minor",
    "time",
    "run",
    "version_before",
    "version_after",
    "partner_before",
    "partner_after",
    "miles_before",
    "miles_after",
    "discount_before_minor",
    "discount_after_minor",
    "uses_max",
    "uses_elsewhere",
    "limit_minor",
    "used_elsewhere_minor",
    "budget_left_minor",
    "limit_miles",
    "used_elsewhere_miles",
    "budget_left_miles",
    "budget_uses_left",
    "table",
    "rates",
    "currency",
    "transaction_amount",
    "rate",
    "available",
    "value",
    "worth_minor",
    "campaign",
    "campaign_shown",
    "uses_max_per_member",
    "from",
    "pool",
    "refund",
    "score",
    "decision",
];

/// What became of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Applied,
    /// It did not; the reason says why.
    Skipped,
}

impl Verdict {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Skipped => "skipped",
        }
    }
}

/// One step of a decision: a rule, what became of it and the numbers behind that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, or the name of the step.
    pub rule: String,
    /// Whether it took effect.
    pub verdict: Verdict,
    /// A stable code for the reason, such as `weekday` or `below_minimum`.
    pub reason: &'static str,
    /// The values that were looked at, by name.
    pub values: Vec<(&'static str, String)>,
}

/// All steps of one decision, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation(pub Vec<Finding>);

impl Explanation {
    /// Adds a rule that took effect.
    pub fn applied(&mut self, rule: &str, reason: &'static str, values: Vec<(&'static str, String)>) {
        self.add(Finding { rule: rule.to_owned(), verdict: Verdict::Applied, reason, values });
    }

    /// Adds a rule that did not take effect.
    pub fn skipped(&mut self, rule: &str, reason: &'static str, values: Vec<(&'static str, String)>) {
        self.add(Finding { rule: rule.to_owned(), verdict: Verdict::Skipped, reason, values });
    }

    fn add(&mut self, finding: Finding) {
        // Tests run with this; in service a code without words is shown as it is.
        debug_assert!(REASONS.contains(&finding.reason), "REASONS lacks {}", finding.reason);
        let named = |(name, _): &(&str, String)| VALUES.contains(name);
        debug_assert!(finding.values.iter().all(named), "VALUES lacks one of {:?}", finding.values);
        self.0.push(finding);
    }
}
