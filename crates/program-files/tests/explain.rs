//! One purchase explained, in both languages, to the letter.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use domain::{DiscountMode, Verdict};
use program_files::{Language, Names, ProgramFile, Shown, read_given, read_program, steps};
use support::{HASH, boreal_gold, codes, sample};

fn told(file: &ProgramFile, language: Language, given: &str) -> String {
    let codes = codes();
    let given = read_given(given, &codes, &file.currency, file.program.tiers.as_ref()).unwrap();
    let names = Names::new(&file.currency, &codes.partners).with_tiers(file.program.tiers.as_ref());
    file.explain(&given, language, &names).unwrap().to_string()
}

const FUEL: &str = "local_date = 2026-10-12, mcc = '5541', partner = 'skyfuel', amount = '7450.00', \
                    authorization = true, already_earned = 1450";

#[test]
fn in_english() {
    let expected = "\
Purchase: 7450.00 RUB, 2026-10-12 (Monday), at skyfuel, merchant category 5541, earned before in the month 1450, authorization

In the answer to the authorization:
  applied  base            base miles
                           amount 7450.00 RUB; rate 1 per 60.00 RUB; rounding each full step; miles 124
  skipped  weekend-fuel    the rule is for other days of the week
                           date 2026-10-12 (Monday); the rule says when.weekday = sat, sun
  applied  monthly-cap     the cap leaves fewer miles than were asked for
                           cap 1500; granted for other purchases 1450; granted for this purchase before 0; asked for 124; allowed 50
  applied  fuel-3-percent  discount, offered at the till
                           amount 7450.00 RUB; percent 3 %; rounding down; before the maximum 223.50 RUB; discount 223.50 RUB

When it is cleared with 7226.50 RUB:
  applied  base            base miles
                           amount 7226.50 RUB; rate 1 per 60.00 RUB; rounding each full step; miles 120
  skipped  weekend-fuel    the rule is for other days of the week
                           date 2026-10-12 (Monday); the rule says when.weekday = sat, sun
  applied  monthly-cap     the cap leaves fewer miles than were asked for
                           cap 1500; granted for other purchases 1450; granted for this purchase before 0; asked for 120; allowed 50
  applied  fuel-3-percent  the clearing came net: the discount at the till was given
                           full price 7450.00 RUB; offered 223.50 RUB; cleared 7226.50 RUB; discount 223.50 RUB

Result: miles 50 (50 base); discount 223.50 RUB (merchant 111.75 RUB, bank 111.75 RUB)";
    assert_eq!(told(&boreal_gold(), Language::English, FUEL), expected);
}

#[test]
fn in_russian() {
    let given = "local_date = 2026-10-10, mcc = '5411', partner = 'kosta', amount = '999.99'";
    let expected = "\
Покупка: 999,99 RUB, 2026-10-10 (суббота), партнёр kosta, категория 5411

При списании 999,99 RUB:
  применено     base             базовые мили
                                 сумма 999,99 RUB; ставка 1 за 60,00 RUB; округление за каждый полный шаг; миль 16
  не применено  weekend-fuel     правило действует у других партнёров
                                 партнёр kosta; в правиле when.partner = skyfuel
  не применено  monthly-cap      лимит не исчерпан, мили начисляются полностью
                                 лимит 1500; начислено за другие покупки 0; начислено за эту покупку раньше 0; положено 16; допустимо 16
  не применено  kosta-5-percent  сумма меньше минимальной для этой скидки
                                 сумма 999,99 RUB; минимум 1000,00 RUB

Итог: мили 16 (16 базовых); без скидки";
    assert_eq!(told(&boreal_gold(), Language::Russian, given), expected);
}

/// Every condition that fails is told with what was seen and what the rule asks for.
#[test]
fn a_failed_condition_is_told_with_both_sides() {
    let with = |when: &str| {
        let text = sample("programs/boreal-gold.toml")
            .replace("{ partner = \"skyfuel\", weekday = [\"sat\", \"sun\"] }", when);
        read_program(&text, HASH, &codes()).unwrap()
    };
    let given = "local_date = 2026-10-12, mcc = '5541', partner = 'skyfuel', amount = '600.00'";
    for (when, english) in [
        ("{ partner = 'kosta' }", "at partner skyfuel; the rule says when.partner = kosta"),
        ("{ mcc = '5542-5599' }", "merchant category 5541; the rule says when.mcc = 5542-5599"),
        ("{ except_mcc = '5541' }", "merchant category 5541; the rule says when.except_mcc = 5541"),
        ("{ month_day = ['1-7', '31'] }", "date 2026-10-12 (Monday); the rule says when.month_day = 1-7, 31"),
        ("{ amount_from = '600.01' }", "amount 600.00 RUB; at least 600.01 RUB"),
        ("{ birthday = { days_before = 3 } }", "the member has told no birthday"),
        (
            "{ birthday = { days_before = 3 } }",
            "the rule says when.birthday = 3 days before, 0 after, 29 February as february_28",
        ),
        ("{ amount_below = '600' }", "amount 600.00 RUB; less than 600.00 RUB"),
    ] {
        let text = told(&with(when), Language::English, given);
        assert!(text.contains(english), "{when}:\n{text}");
    }
    let far = told(
        &with("{ birthday = { days_after = 1 } }"),
        Language::Russian,
        &format!("{given}, birthday = '10-10'"),
    );
    assert!(
        far.contains("не рядом с днём рождения участника") && far.contains("день рождения 10-10"),
        "{far}"
    );
    let early = told(
        &boreal_gold(),
        Language::English,
        "local_date = 2025-12-31, amount = '60.00', partner = 'kosta'",
    );
    assert!(early.contains("no base rate was in force on this date"), "{early}");
    assert!(
        early.contains("date 2025-12-31 (Wednesday); the rule says effective.from = 2026-01-01"),
        "{early}"
    );
}

/// What is stored is told in the same words, also what decides about messages.
#[test]
fn stored_explanations_are_told_too() {
    let mut stored = domain::Explanation::default();
    stored.skipped("eligibility", "not_a_member", vec![]);
    stored.applied("match", "matched_by_retrieval_reference", vec![("purchase", "ab12".to_owned())]);
    stored.applied("till", DiscountMode::AtTill.name(), vec![("discount_minor", "100".to_owned())]);
    let (file, codes) = (boreal_gold(), codes());
    let names = Names::new(&file.currency, &codes.partners).with_tiers(file.program.tiers.as_ref());
    let steps = steps(&stored, Language::Russian, &names);
    let words: Vec<&str> = steps.iter().map(|step| step.reason.as_str()).collect();
    assert_eq!(
        words,
        [
            "карта не принадлежит участнику программы",
            "найдено по номеру ссылки операции (DE32 и DE37)",
            "скидка, предложена на кассе"
        ]
    );
    let [_, found, till] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((found.verdict, found.code.as_str()), (Verdict::Applied, "matched_by_retrieval_reference"));
    let shown = |label: &str, text: &str, name: &str, stored: &str| Shown {
        name: name.to_owned(),
        stored: stored.to_owned(),
        label: label.to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(found.values, [shown("первое сообщение о покупке", "ab12", "purchase", "ab12")]);
    assert_eq!(till.values, [shown("скидка", "1,00 RUB", "discount_minor", "100")]);
}
