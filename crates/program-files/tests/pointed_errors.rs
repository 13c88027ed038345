//! Broken program files: each is refused with the place, what is wrong and what to do.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use program_files::read_program;
use support::{HASH, codes, sample};

/// What is replaced in the sample, by what, and the whole message that comes of it.
type Case = (&'static str, &'static str, &'static str);

fn refused(text: &str) -> String {
    read_program(text, HASH, &codes())
        .map(|_| "accepted".to_owned())
        .unwrap_or_else(|errors| errors.to_string())
}

fn broken(good: &str, bad: &str) -> String {
    let text = sample("programs/boreal-gold.toml");
    assert!(text.contains(good), "the sample has no {good}");
    text.replacen(good, bad, 1)
}

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (good, bad, expected) in cases {
        let got = refused(&broken(good, bad));
        if got != *expected {
            wrong.push(format!("{bad}\n  expected: {expected}\n  got:      {got}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn shape() {
    check(&[
        (
            "currency = \"RUB\"\ntimezone",
            "curency = \"RUB\"\ntimezone",
            "line 12, column 1: curency: expected a known key, found `curency`; did you mean `currency`?",
        ),
        (
            "effective = { from",
            "effectve = { from",
            "line 27, column 1: base[0].effectve: expected a known key, found `effectve`; did you mean `effective`?",
        ),
        (
            "effective = { from = 2026-01-01 }",
            "effective = { form = 2026-01-01 }",
            "line 27, column 15: base[0].effective.form: expected a known key, found `form`; did you mean `from`?",
        ),
        (
            "effective = { from = 2026-01-01 }",
            "effective = { from = \"2026-01-01\" }",
            "line 27, column 22: base[0].effective.from: expected a date, found \"2026-01-01\"; write it without quotes, such as 2026-10-10",
        ),
        (
            "effective = { from = 2026-01-01 }",
            "effective = { from = 2026-02-30 }",
            "line 27, column 22: expected valid TOML, found an error: invalid date, expected day between 01 and 28; correct this line; is the file complete?",
        ),
        (
            "per = \"60.00\"",
            "per = 60",
            "line 28, column 27: base[0].earn.per: expected text in quotes, found 60; write \"60\"",
        ),
        (
            "per = \"60.00\"",
            "per = 60.00",
            "line 28, column 27: base[0].earn.per: expected text in quotes, found 60.00; write \"60.00\"",
        ),
        (
            "per = \"60.00\", ",
            "",
            "line 28, column 8: base[0].earn.per: expected the key `per`, found nothing; add `per`",
        ),
        (
            "miles = 1,",
            "miles = \"1\",",
            "line 28, column 18: base[0].earn.miles: expected a whole number from 0, found \"1\"; write 1 without quotes",
        ),
        (
            "miles = 1,",
            "miles = -1,",
            "line 28, column 18: base[0].earn.miles: expected a whole number from 0, found -1; write digits only",
        ),
        (
            "miles = 1,",
            "miles = 1.5,",
            "line 28, column 18: base[0].earn.miles: expected a whole number from 0, found 1.5; write digits only",
        ),
        (
            "mcc = [\"6011\"",
            "mcc = [6011",
            "line 17, column 20: exclude.mcc[0]: expected text in quotes, found 6011; write \"6011\"",
        ),
        (
            "weekday = [\"sat\", \"sun\"]",
            "weekday = 6",
            "line 33, column 41: bonus[0].when.weekday: expected text in quotes or a list of it, found 6; write \"6\"",
        ),
        (
            "bank = \"northbank\"",
            "bank = [\"northbank\"]",
            "line 10, column 8: bank: expected text in quotes, found a list; write one text in quotes",
        ),
        (
            "funding = { merchant = \"50%\" }",
            "funding = \"50%\"",
            "line 52, column 11: discount[0].funding: expected a table, found \"50%\"; write keys and values in braces: { key = \"value\" }",
        ),
        (
            "funding = { merchant = \"50%\" }",
            "funding = { merchant = \"50%\", bank = \"50%\" }",
            "line 52, column 31: discount[0].funding.bank: expected a known key, found `bank`; choose one of `merchant`, `partner`",
        ),
        (
            "[[cap]]",
            "[cap]",
            "line 38, column 1: cap: expected a list of tables, each under [[cap]], found a single table; write the header with two brackets: [[cap]]",
        ),
        (
            "[[cap]]",
            "[[caps]]",
            "line 38, column 3: caps: expected a known key, found `caps`; did you mean `cap`?",
        ),
        (
            "times_base = \"1/1\"",
            "times_base = 1/1",
            "line 34, column 14: expected valid TOML, found an error: string values must be quoted, expected literal string; correct this line; is the file complete?",
        ),
        (
            "times_base = \"1/1\"",
            "times_base = \"1/1\"\ntimes_base = \"2/1\"",
            "line 35, column 1: expected valid TOML, found an error: duplicate key; delete one of the two",
        ),
        (
            "authorization = true }",
            "authorization = \"yes\" }",
            "line 131, column 116: test[1].given.authorization: expected true or false, found \"yes\"; write true or false, without quotes",
        ),
        (
            "exclude = { mcc = [\"6011\", \"4829\", \"7995\"] }",
            "exclude = [\"6011\"]",
            "line 17, column 11: exclude: expected a table, found a list; write keys and values in braces: { key = \"value\" }",
        ),
        (
            "[[terms.item]]\nbasis = \"miles_granted\"",
            "[terms.item]\nbasis = \"miles_granted\"",
            "line 111, column 1: terms[2].item: expected a list of tables, found a table; write each header with two brackets: [[...]]",
        ),
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = 4111110000000000\nbin_to = \"411111\"",
            "line 69, column 12: auto_enroll[0].bin_from: expected text in quotes, found ************; write one text in quotes",
        ),
        (
            "schema = \"program/1\"",
            "schema = \"program/2\"",
            "line 8, column 10: schema: expected the schema \"program/1\", found \"program/2\"; write schema = \"program/1\", or update this program",
        ),
        (
            "schema = \"program/1\"",
            "",
            "line 1, column 1: schema: expected the key `schema`, found nothing; begin the file with schema = \"program/1\"",
        ),
        (
            "[[terms.item]]\nbasis = \"turnover\"",
            "[[terms.itm]]\nbasis = \"turnover\"",
            "line 95, column 9: terms[1].itm: expected a known key, found `itm`; did you mean `item`?",
        ),
    ]);
}

/// Errors in different entries are reported together, in the order of lines.
#[test]
fn several_at_once() {
    let shape = broken("bank = \"northbank\"", "bnak = \"northbank\"")
        .replace("funded_by", "fundedby")
        .replace("percent = \"1.2\"", "percent = 1.2");
    assert_eq!(
        refused(&shape),
        "line 10, column 1: bnak: expected a known key, found `bnak`; did you mean `bank`?\n\
             line 36, column 1: bonus[0].fundedby: expected a known key, found `fundedby`; did you mean `funded_by`?\n\
             line 98, column 11: terms[1].item[0].percent: expected text in quotes, found 1.2; write \"1.2\""
    );
    let meaning = broken("cut_off = \"00:00\"", "cut_off = \"0\"")
        .replace("\"1/1\"", "\"1\"")
        .replace("\"0.615\"", "\"x\"")
        .replace("currency = \"RUB\"\ntimezone", "currency = \"EUR\"\ntimezone");
    assert_eq!(
        refused(&meaning),
        "line 14, column 11: cut_off: expected a time of day from 00:00 to 23:59, found \"0\"; write hours and minutes with two digits each, such as \"00:00\"\n\
             line 34, column 14: bonus[0].times_base: expected a ratio of two whole numbers above zero, found \"1\"; write it with a slash: \"1/1\" for as much again, \"1/2\" for half\n\
             line 87, column 9: terms[0].item[1].basis: expected terms in the program's currency EUR, or `rates`, found \"till_share\" in RUB; write currency = \"EUR\" for terms about money, or add rates = \"<rate table>\"\n\
             line 96, column 9: terms[1].item[0].basis: expected terms in the program's currency EUR, or `rates`, found \"turnover\" in RUB; write currency = \"EUR\" for terms about money, or add rates = \"<rate table>\"\n\
             line 103, column 9: terms[1].item[1].basis: expected terms in the program's currency EUR, or `rates`, found \"statement_credit_share\" in RUB; write currency = \"EUR\" for terms about money, or add rates = \"<rate table>\"\n\
             line 114, column 9: terms[2].item[0].price: expected a price per mile in RUB, such as \"0.615\", found \"x\"; write digits with a point before the decimals and nothing else, such as \"1000.00\""
    );
}

#[test]
fn half_a_file() {
    let text = sample("programs/boreal-gold.toml");
    let until = |end: &str| refused(&text[..text.find(end).unwrap()]);
    assert_eq!(
        refused(""),
        "line 1, column 1: schema: expected the key `schema`, found nothing; begin the file with schema = \"program/1\"\n\
             line 1, column 1: code: expected the key `code`, found nothing; add `code`\n\
             line 1, column 1: bank: expected the key `bank`, found nothing; add `bank`\n\
             line 1, column 1: cobrand_partner: expected the key `cobrand_partner`, found nothing; add `cobrand_partner`\n\
             line 1, column 1: currency: expected the key `currency`, found nothing; add `currency`\n\
             line 1, column 1: timezone: expected the key `timezone`, found nothing; add `timezone`\n\
             line 1, column 1: cut_off: expected the key `cut_off`, found nothing; add `cut_off`"
    );
    assert_eq!(
        until("boreal-gold\"\nbank"),
        "line 9, column 9: expected valid TOML, found an error: invalid basic string, expected `\"`; correct this line; is the file complete?"
    );
    assert_eq!(
        until("currency"),
        "line 1, column 1: currency: expected the key `currency`, found nothing; add `currency`\n\
             line 1, column 1: timezone: expected the key `timezone`, found nothing; add `timezone`\n\
             line 1, column 1: cut_off: expected the key `cut_off`, found nothing; add `cut_off`"
    );
    assert_eq!(
        until("[[base]]"),
        "line 1, column 1: base: expected at least one [[base]], found none; add a base rate; is the file complete?"
    );
    assert_eq!(
        until("[[bonus]]"),
        "line 11, column 19: cobrand_partner: expected terms that price \"miles_granted\" for \"airboreal\", found none; add a [[terms.item]] with this basis to the partner's [[terms]]"
    );
    assert_eq!(
        until("[[terms]]\npartner = \"kosta\""),
        "line 11, column 19: cobrand_partner: expected terms that price \"miles_granted\" for \"airboreal\", found none; add a [[terms.item]] with this basis to the partner's [[terms]]\n\
             line 57, column 11: discount[1].partner: expected terms that price \"statement_credit_share\" for \"kosta\", found none; add a [[terms.item]] with this basis to the partner's [[terms]]"
    );
}

#[test]
fn head() {
    check(&[
        (
            "code = \"boreal-gold\"",
            "code = \"Boreal Gold\"",
            "line 9, column 8: code: expected 1 to 40 of the characters a-z, 0-9 and -, found \"Boreal Gold\"; write it as \"boreal-gold\"",
        ),
        (
            "code = \"boreal-gold\"",
            "code = \"boreal-golf\"",
            "line 9, column 8: code: expected the code of a declared program, found \"boreal-golf\"; did you mean `boreal-gold`?",
        ),
        (
            "bank = \"northbank\"",
            "bank = \"southbank\"",
            "line 10, column 8: bank: expected the code of a declared bank, found \"southbank\"; did you mean `northbank`?",
        ),
        (
            "cobrand_partner = \"airboreal\"",
            "cobrand_partner = \"airborael\"",
            "line 11, column 19: cobrand_partner: expected the code of a declared partner, found \"airborael\"; did you mean `airboreal`?",
        ),
        (
            "cobrand_partner = \"airboreal\"",
            "cobrand_partner = \"bank\"",
            "line 11, column 19: cobrand_partner: expected the code of a partner, found \"bank\"; the word stands for the bank: write the code of a partner",
        ),
        (
            "currency = \"RUB\"",
            "currency = \"rub\"",
            "line 12, column 12: currency: expected a currency by its three letters, found \"rub\"; write it as \"RUB\"",
        ),
        (
            "Europe/Moscow",
            "Europe/Moskow",
            "line 13, column 12: timezone: expected a time zone of the IANA database, found \"Europe/Moskow\"; did you mean `Europe/Moscow`?",
        ),
        (
            "cut_off = \"00:00\"",
            "cut_off = \"24:00\"",
            "line 14, column 11: cut_off: expected a time of day from 00:00 to 23:59, found \"24:00\"; write hours and minutes with two digits each, such as \"00:00\"",
        ),
        (
            "\"4829\"",
            "\"482\"",
            "line 17, column 28: exclude.mcc[1]: expected a merchant category code or a range of them, found \"482\"; write four digits, with leading zeros, such as \"0742\"",
        ),
    ]);
}

#[test]
fn rules() {
    check(&[
        (
            "id = \"base\"",
            "id = \"base:1\"",
            "line 26, column 6: base[0].id: expected 1 to 40 of the characters a-z, 0-9 and -, found \"base:1\"; write it as \"base-1\"",
        ),
        (
            "id = \"base\"",
            "id = \"match\"",
            "line 26, column 6: base[0].id: expected an id of your own, found \"match\"; explanations use this word for a step of their own: choose another id",
        ),
        (
            "id = \"fuel-3-percent\"",
            "id = \"weekend-fuel\"",
            "line 46, column 6: discount[0].id: expected an id used once in the file, found \"weekend-fuel\" again, first used on line 31; rename one of the two",
        ),
        (
            "per = \"60.00\"",
            "per = \"0.00\"",
            "line 28, column 27: base[0].earn.per: expected an amount above zero, found \"0.00\"; correct the amount or delete the key",
        ),
        (
            "per = \"60.00\"",
            "per = \"60,00\"",
            "line 28, column 27: base[0].earn.per: expected an amount in RUB, found \"60,00\"; write digits with a point before the decimals and nothing else, such as \"1000.00\"",
        ),
        (
            "per = \"60.00\"",
            "per = \"60.005\"",
            "line 28, column 27: base[0].earn.per: expected an amount in RUB, found \"60.005\"; RUB has 2 decimals: drop the others",
        ),
        (
            "miles = 1,",
            "miles = 0,",
            "line 28, column 18: base[0].earn.miles: expected at least 1 mile, found 0; correct the number or delete the entry",
        ),
        (
            "each_full_step",
            "every_full_step",
            "line 28, column 47: base[0].earn.rounding: expected one of `each_full_step`, `floor`, `half_up`, `half_even`, found \"every_full_step\"; choose one of these words",
        ),
        (
            "effective = { from = 2026-01-01 }",
            "effective = { from = 2026-01-01, to = 2026-01-01 }",
            "line 27, column 39: base[0].effective.to: expected a date after 2026-01-01, found 2026-01-01; `to` is the day after the last: write a later date, or delete the entry",
        ),
        (
            "effective = { from = 2026-01-01 }",
            "effective = { from = 2026-01-01T00:00:00 }",
            "line 27, column 22: base[0].effective.from: expected a date, found 2026-01-01T00:00:00; write the day alone, such as 2026-10-10",
        ),
        (
            "[[bonus]]",
            "[[base]]\nid = \"other\"\nearn = { miles = 1, per = \"1\", rounding = \"floor\" }\n[[bonus]]",
            "line 31, column 6: base[1].effective: expected one base rate on each day, found \"base\" and \"other\" on the same days; let one end (`to`) where the other begins (`from`)",
        ),
        (
            "partner = \"skyfuel\", weekday",
            "partner = [\"skyfuel\", \"skyfool\"], weekday",
            "line 33, column 32: bonus[0].when.partner[1]: expected the code of a declared partner, found \"skyfool\"; did you mean `skyfuel`?",
        ),
        (
            "\"sat\", \"sun\"",
            "\"sat\", \"sunday\"",
            "line 33, column 49: bonus[0].when.weekday[1]: expected one of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, found \"sunday\"; did you mean `sun`?",
        ),
        (
            "weekday = [\"sat\", \"sun\"]",
            "mcc = [\"5814-5812\"]",
            "line 33, column 38: bonus[0].when.mcc: expected a range of merchant category codes, found \"5814-5812\"; write the lower code first: \"5812-5814\"",
        ),
        (
            "times_base = \"1/1\"",
            "times_base = \"1:1\"",
            "line 34, column 14: bonus[0].times_base: expected a ratio of two whole numbers above zero, found \"1:1\"; write it with a slash: \"1/1\" for as much again, \"1/2\" for half",
        ),
        (
            "times_base = \"1/1\"",
            "times_base = \"1/0\"",
            "line 34, column 14: bonus[0].times_base: expected a ratio of two whole numbers above zero, found \"1/0\"; write it with a slash: \"1/1\" for as much again, \"1/2\" for half",
        ),
        (
            "funded_by = \"skyfuel\"",
            "funded_by = \"acme\"",
            "line 36, column 13: bonus[0].funded_by: expected the code of a declared partner, found \"acme\"; declare the partner in the configuration, or correct the code",
        ),
        (
            "mode = \"at_till\"",
            "mode = \"at_the_till\"",
            "line 49, column 8: discount[0].mode: expected one of `statement_credit`, `at_till`, found \"at_the_till\"; choose one of these words",
        ),
        (
            "percent = \"5\"",
            "percent = \"105\"",
            "line 59, column 11: discount[1].percent: expected a percentage from 0 to 100, found \"105\"; write at most \"100\"",
        ),
        (
            "percent = \"5\"",
            "percent = \"0\"",
            "line 59, column 11: discount[1].percent: expected a percentage above 0 and up to 100, found \"0\"; correct the percentage or delete the entry",
        ),
        (
            "merchant = \"60%\"",
            "merchant = \"100.5%\"",
            "line 63, column 24: discount[1].funding.merchant: expected a percentage from 0 to 100, found \"100.5%\"; write at most \"100\"",
        ),
        (
            "at_most = \"500.00\"",
            "at_most = \"-500.00\"",
            "line 62, column 11: discount[1].at_most: expected an amount in RUB, found \"-500.00\"; write it without a sign: it is never negative",
        ),
        (
            "at_most = \"500.00\"",
            "at_most = \"0\"",
            "line 62, column 11: discount[1].at_most: expected an amount above zero, found \"0\"; correct the amount or delete the key",
        ),
        (
            "percent = \"5\"",
            "percent = \"5\"\nwhen = { partner = \"skyfuel\" }",
            "line 57, column 11: discount[1].when.partner: expected the discount's own partner \"kosta\", found others only; delete `when.partner`: the discount already names its partner",
        ),
        (
            "miles_max = 1500",
            "miles_max = 0",
            "line 40, column 13: cap[0].miles_max: expected at least 1 mile, found 0; correct the number or delete the entry",
        ),
        (
            "calendar_month",
            "month",
            "line 41, column 10: cap[0].window: expected one of `calendar_month`, found \"month\"; did you mean `calendar_month`?",
        ),
    ]);
}

#[test]
fn members_and_terms() {
    check(&[
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = \"41111\"\nbin_to = \"411111\"",
            "line 69, column 12: auto_enroll[0].bin_from: expected a card number prefix of 6 to 8 digits, found a text of 5 characters; write the first 6, 7 or 8 digits of the card numbers, never more",
        ),
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = \"4111110000000000\"\nbin_to = \"411112\"",
            "line 69, column 12: auto_enroll[0].bin_from: expected a card number prefix of 6 to 8 digits, found a text of 16 characters; write the first 6, 7 or 8 digits of the card numbers, never more",
        ),
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = \"411111\"\nbin_to = \"41111199\"",
            "line 70, column 10: auto_enroll[0].bin_to: expected 6 digits, as many as `bin_from` has, found \"41111199\"; write both prefixes with the same length",
        ),
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = \"411112\"\nbin_to = \"411111\"",
            "line 70, column 10: auto_enroll[0].bin_to: expected \"411112\" or a higher prefix, found \"411111\"; swap `bin_from` and `bin_to`",
        ),
        (
            "# [[auto_enroll]]",
            "[[auto_enroll]]\nbin_from = \"411111\"\nbin_to = \"411119\"\n[[auto_enroll]]\nbin_from = \"41111900\"\nbin_to = \"41111999\"",
            "line 72, column 12: auto_enroll[1]: expected ranges that do not overlap, found an overlap with 411111-411119; join or separate them",
        ),
        (
            "basis = \"bonus_miles\"",
            "basis = \"bonus_mile\"",
            "line 80, column 9: terms[0].item[0].basis: expected one of `miles_granted`, `bonus_miles`, `turnover`, `statement_credit_share`, `till_share`, `miles_redeemed`, `new_cards`, `fixed_fee`, found \"bonus_mile\"; did you mean `bonus_miles`?",
        ),
        (
            "basis = \"bonus_miles\"",
            "basis = \"miles_granted\"",
            "line 80, column 9: terms[0].item[0].basis: expected a basis of a merchant partner, found \"miles_granted\"; use \"bonus_miles\", the miles that this partner pays for",
        ),
        (
            "payer = \"partner\"\nprice",
            "payer = \"skyfuel\"\nprice",
            "line 81, column 9: terms[0].item[0].payer: expected one of `bank`, `partner`, found \"skyfuel\"; choose one of these words",
        ),
        (
            "price = \"0.70\"",
            "price = \"0,70\"",
            "line 82, column 9: terms[0].item[0].price: expected a price per mile in RUB, such as \"0.615\", found \"0,70\"; write digits with a point before the decimals and nothing else, such as \"1000.00\"",
        ),
        (
            "price = \"0.70\" ",
            "percent = \"70\" ",
            "line 82, column 11: terms[0].item[0].percent: expected a price per mile, found `percent`; delete `percent` and write price = \"0.615\"",
        ),
        (
            "price = \"0.70\" ",
            "",
            "line 80, column 9: terms[0].item[0].price: expected the key `price`, found nothing; add price = \"0.615\"",
        ),
        (
            "percent = \"1.2\"",
            "percent = \"120\"",
            "line 98, column 11: terms[1].item[0].percent: expected a percentage from 0 to 100, found \"120\"; write at most \"100\"",
        ),
        (
            "percent = \"1.2\"",
            "price = \"1.2\"",
            "line 98, column 9: terms[1].item[0].price: expected a fraction of the amount from 0 to 1, found \"1.2\"; write at most \"1\", or use `percent`",
        ),
        (
            "percent = \"1.2\"\n",
            "",
            "line 96, column 9: terms[1].item[0].percent: expected the key `percent`, found nothing; add percent = \"1.2\"",
        ),
        (
            "rounding = { mode = \"half_up\", level = \"batch\" }",
            "rounding = { mode = \"up\", level = \"document\" }",
            "line 116, column 21: terms[2].item[0].rounding.mode: expected one of `floor`, `half_up`, `half_even`, found \"up\"; choose one of these words\n\
             line 116, column 35: terms[2].item[0].rounding.level: expected one of `line`, `batch`, found \"document\"; choose one of these words",
        ),
        (
            "rounding = { mode = \"half_up\", level = \"batch\" }",
            "",
            "line 112, column 9: terms[2].item[0].rounding: expected the key `rounding`, found nothing; add rounding = { mode = \"half_up\", level = \"line\" }",
        ),
        (
            "level = \"document\"",
            "level = \"batch\"",
            "line 115, column 33: terms[2].item[0].vat.level: expected one of `line`, `document`, found \"batch\"; choose one of these words",
        ),
        (
            "[[terms.item]]\nbasis = \"till_share\"                # the bank's part of discounts given at the till\npayer = \"bank\"",
            "",
            "line 48, column 11: discount[0].partner: expected terms that price \"till_share\" for \"skyfuel\", found none; add a [[terms.item]] with this basis to the partner's [[terms]]",
        ),
        (
            "basis = \"till_share\"",
            "basis = \"bonus_miles\"\nprice = \"1\"\nrounding = { mode = \"half_up\", level = \"line\" }",
            "line 87, column 9: terms[0].item[1].basis: expected each basis once in the terms, found \"bonus_miles\" again; delete one of the two items",
        ),
        (
            "partner = \"kosta\"\ncurrency = \"RUB\"",
            "partner = \"kosta\"\ncurrency = \"USD\"",
            "line 96, column 9: terms[1].item[0].basis: expected terms in the program's currency RUB, or `rates`, found \"turnover\" in USD; write currency = \"RUB\" for terms about money, or add rates = \"<rate table>\"\n\
             line 103, column 9: terms[1].item[1].basis: expected terms in the program's currency RUB, or `rates`, found \"statement_credit_share\" in USD; write currency = \"RUB\" for terms about money, or add rates = \"<rate table>\"",
        ),
        (
            "partner = \"kosta\"\ncurrency = \"RUB\"",
            "partner = \"skyfuel\"\ncurrency = \"RUB\"",
            "line 91, column 11: terms[1]: expected one set of terms for a partner on each day, found a second one for \"skyfuel\" on the same days; let one end (`to`) where the other begins (`from`)",
        ),
        (
            "[[terms]]\npartner = \"kosta\"",
            "[[terms]]\npartner = \"skyfuel\"\ncurrency = \"USD\"\nitem = []\n\n[[terms]]\npartner = \"kosta\"",
            "line 91, column 11: terms[1].item: expected at least one item, found none; add [[terms.item]] below it",
        ),
    ]);
}

#[test]
fn tests_in_the_file() {
    check(&[
        (
            "name = \"below 1,000 RUB kosta gives no discount\"",
            "name = \"1,000 RUB is enough\"",
            "line 155, column 8: test[6].name: expected a name used once, found the name of the test on line 150; rename one of the two",
        ),
        (
            "given = { local_time = 2026-10-10T09:15:00, mcc",
            "given = { mcc",
            "line 125, column 8: test[0].given: expected `local_date` or `local_time`, found neither; add local_date = 2026-10-10",
        ),
        (
            "given = { local_time = 2026-10-10T09:15:00, mcc",
            "given = { local_time = 2026-10-10T09:15:00Z, mcc",
            "line 126, column 24: test[0].given.local_time: expected a local date, found 2026-10-10T09:15:00Z; write a day of the calendar, such as 2026-10-10",
        ),
        (
            "mcc = \"5411\", amount = \"3599.99\"",
            "mcc = \"54\", amount = \"3 599.99\"",
            "line 126, column 51: test[0].given.mcc: expected a merchant category code of four digits, found \"54\"; write four digits, with leading zeros, such as \"0742\"\n\
             line 126, column 66: test[0].given.amount: expected an amount in RUB, found \"3 599.99\"; write digits with a point before the decimals and nothing else, such as \"1000.00\"",
        ),
        (
            "expect = { base_miles = 16, discount = \"0.00\", skipped = [\"kosta-5-percent: below_minimum\"] }",
            "expect = {}",
            "line 152, column 10: test[5].expect: expected at least one expectation, found none; add what must come of it, such as base_miles = 59",
        ),
        (
            "applied = [\"base\", \"kosta-5-percent\"]",
            "applied = [\"base\", \"kosta-5-procent\"]",
            "line 147, column 120: test[4].expect.applied[1]: expected the id of a rule in this file, found \"kosta-5-procent\"; did you mean `kosta-5-percent`?",
        ),
    ]);
}
