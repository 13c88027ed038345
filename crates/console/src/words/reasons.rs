//! The reasons of decisions. The codes are those of the domain's decisions and awards.

/// What a reason's code means. A code that is not known here is shown as it is.
pub(crate) fn reason(code: &str) -> String {
    if let Some(field) = code.strip_prefix("altered_repeat:") {
        return format!("a repeat with another {field} than the first time: refused, nothing booked");
    }
    known(code).map_or_else(|| code_words(code), str::to_owned)
}

/// A code as words: `cap-month` becomes `cap month`.
pub(crate) fn code_words(code: &str) -> String {
    code.replace(['_', '-'], " ")
}

fn known(code: &str) -> Option<&'static str> {
    eligibility(code).or_else(|| matching(code)).or_else(|| earning(code)).or_else(|| result(code))
}

fn eligibility(code: &str) -> Option<&'static str> {
    Some(match code {
        "not_a_member" => "the card belongs to no member of the program",
        "enrolled_after_the_purchase" => "the member was enrolled after the day of the purchase",
        "reversal_names_no_original" => "the reversal does not say which message it cancels (no DE90)",
        "transaction_type_without_loyalty" => "this type of transaction has no loyalty",
        "currency_without_billing_amount" => {
            "the currency is not the program's, and no billing amount (DE6) was given in that"
        }
        "clearing_from_another_source" => "the bank's clearing comes by another way; this one does not count",
        "presentment_already_cleared" => "this presentment was cleared before",
        "chargeback_already_taken" => "this chargeback or second presentment was taken before",
        "chargeback_of_a_refund" => "a refund was charged back: a person decides what that is worth",
        "refund_is_booked_when_cleared" => "a refund is booked when it is cleared, not when it is authorized",
        "malfunction" => "our own malfunction: nothing was booked and the operators were told",
        _ => return None,
    })
}

fn matching(code: &str) -> Option<&'static str> {
    Some(match code {
        "stands_alone" => "no earlier message of this purchase was found",
        "matched_by_original_data_elements" => "found by the original message that it names (DE90)",
        "matched_by_a_message_that_named_this_one" => "found by a message that named this one before",
        "matched_by_acquirer_reference" => "found by the acquirer reference number (DE31)",
        "matched_by_life_cycle_id" => "found by the network's name of the transaction (DE63)",
        "matched_by_retrieval_reference" => "found by the retrieval reference number (DE32 and DE37)",
        "matched_by_terminal" => "the merchant map has its terminal (DE41)",
        "matched_by_sub_merchant" => "the merchant map has its name under an aggregator (DE43)",
        "matched_by_card_acceptor" => "the merchant map has its card acceptor (DE42)",
        "not_in_the_map" => "the merchant map has no row for it on this day: no partner's merchant",
        "sub_merchant_not_in_the_map" => {
            "an aggregator's card acceptor, and the merchant map has neither the terminal nor the name behind it"
        }
        "original_not_seen_yet" => "the message that it cancels has not come yet; it will count when it does",
        "original_belongs_to_another_account" => {
            "the message that it names belongs to another member account"
        }
        "already_reversed" => "it had been taken back before",
        _ => return None,
    })
}

fn earning(code: &str) -> Option<&'static str> {
    Some(match code {
        "mcc_excluded" => "purchases of this merchant category earn nothing",
        "not_a_purchase" => "only purchases earn",
        "no_base_rate_on_this_date" => "no base rate was in force on this date",
        "base_rate" => "base miles",
        "bonus" => "bonus miles",
        "cap_truncates" => "the cap leaves fewer miles than were asked for",
        "below_cap" => "the cap leaves room for all miles",
        "below_minimum" => "the amount is below the discount's minimum",
        "statement_credit" => "discount, credited to the statement by the bank",
        "at_till" => "discount, offered at the till",
        "till_discount_was_not_offered" => "no discount was offered at the till, so there is none to confirm",
        "till_discount_confirmed" => "the clearing came net: the discount at the till was given",
        "till_discount_awaits_clearing" => {
            "whether the discount at the till was given, the clearing will show"
        }
        "till_discount_cancelled_by_gross_clearing" => {
            "the clearing came in full: the discount at the till was not given"
        }
        "till_discount_unconfirmed_break" => {
            "the clearing is neither net nor in full: whether the discount was given is not known"
        }
        "not_effective" => "the rule was not in force on this date",
        "partner" => "the rule is for purchases at other partners",
        "mcc" => "the rule is for other merchant categories",
        "weekday" => "the rule is for other days of the week",
        _ => return None,
    })
}

fn result(code: &str) -> Option<&'static str> {
    Some(match code {
        "estimate" => "an estimate: the clearing decides",
        "cleared" => "cleared",
        "refunded" => "refunded: what the refund takes back",
        "charged_back" => "charged back: what the chargeback takes back",
        "presented_again" => "presented again: what the chargeback had taken is given again",
        "presented_again_before_its_chargeback" => {
            "the second presentment came before its chargeback, which will then take nothing"
        }
        "chargeback_was_reversed" => "the record had been reversed before it came",
        "reversed" => "reversed: what the reversal takes back",
        "authorization_reversed" => "the authorization was taken back, with what was provisional",
        "authorization_was_reversed_or_declined" => "the authorization had been reversed or declined",
        "already_cleared" => "the purchase had been cleared before",
        "declined_by_the_issuer" => "the issuer declined: what was provisional is void",
        "presentment_was_reversed" => "the presentment had been reversed before it came",
        "below_the_first_mile" => "the amount is too small for a mile",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_domain_has_words() {
        let sources = [
            include_str!("../../../domain/src/award.rs"),
            include_str!("../../../domain/src/decide.rs"),
            include_str!("../../../domain/src/decide/advance.rs"),
            include_str!("../../../domain/src/decide/find.rs"),
            include_str!("../../../domain/src/decide/reversal.rs"),
            include_str!("../../../domain/src/merchant_map/attribution.rs"),
        ];
        let mut codes = 0;
        for literal in sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2)) {
            let is_code =
                literal.contains('_') && literal.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            // Names of values also look like this; they have words of their own.
            if is_code && !super::super::values::is_value_name(literal) {
                codes += 1;
                assert!(known(literal).is_some(), "the reason {literal:?} has no words");
            }
        }
        assert!(codes > 30, "only {codes} codes were found: do the sources look different now?");
    }

    #[test]
    fn unknown_codes_are_shown_as_they_are() {
        assert_eq!(reason("some_new_code"), "some new code");
        assert_eq!(
            reason("altered_repeat:DE4"),
            "a repeat with another DE4 than the first time: refused, nothing booked"
        );
    }
}
