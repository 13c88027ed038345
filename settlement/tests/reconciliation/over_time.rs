//! What time alone changes, and what does not change with it: what is old is neither cured nor new.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_grows_old_is_neither_cured_nor_new() {
    let day = Day::closed().await;
    let end = "OTHER-1,2026-10-20,500,RUB,bank_pays_partner,".to_owned();
    day.paid(&[paid()[0].clone(), paid()[1].clone(), end]).await;
    let mut told = day.honest("kosta");
    told.push("BOOK-1,2026-10-12,777,RUB,partner_pays_bank,".to_owned());
    day.state("kosta", &told).await;
    day.compare().await;
    let open = day.open().await;
    assert_eq!(open.len(), 3, "{open:?}");
    for as_of in ["2026-12-16T00:00:00Z", "2026-12-30T00:00:00Z"] {
        let line = format!("LATER-{},2026-12-15,1,RUB,partner_pays_bank,", &as_of[8..10]);
        day.state("kosta", std::slice::from_ref(&line)).await;
        let found = day.compare_at(as_of).await;
        assert_eq!((found.new_breaks.len(), found.cured), (1, 0), "only the new line, as of {as_of}");
    }
    let found = day.compare_at("2027-03-01T00:00:00Z").await;
    assert_eq!((found.new_breaks.len(), found.cured), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_says_the_same_anew_replaces_the_one_before() {
    let day = Day::closed().await;
    let honest = day.honest("kosta");
    let mut told = honest.clone();
    told[1] = told[1].replace(",1440,", ",1200,");
    told.push("BOOK-1,2026-10-10,777,RUB,partner_pays_bank,".to_owned());
    day.state("kosta", &told).await;
    let of = |number: u32| format!("boreal-gold-000001-kosta-RUB-{number:06}");
    let amount = format!("partner_statement amount {} -240 RUB", of(2));
    day.check(&[&amount, "partner_statement missing_ours BOOK-1 777 RUB"]).await;
    day.state("kosta", &honest).await;
    day.check(&[]).await;
    // The bank says October once more, with what was left out.
    let end = "OTHER-1,2026-10-20,500,RUB,bank_pays_partner,".to_owned();
    day.paid(&[paid()[0].clone(), paid()[1].clone(), end.clone()]).await;
    assert_eq!(day.compare().await.new_breaks.len(), 2);
    day.paid(&[paid()[0].clone(), paid()[1].clone(), paid()[2].clone(), end]).await;
    day.check(&["bank_statement missing_ours OTHER-1 500 RUB"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_compared_under_its_cycle_whatever_its_revision() {
    let day = Day::closed().await;
    day.state("kosta", &["OTHER-1,2026-10-10,1,RUB,partner_pays_bank,".to_owned()]).await;
    day.compare().await;
    let scopes = async |day: &Day| -> Vec<String> {
        let text =
            "SELECT DISTINCT scope FROM reconciliation_run WHERE source = 'partner_statement' ORDER BY 1";
        let rows = day.world.pool.get().await.unwrap().query(text, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(scopes(&day).await, ["kosta:boreal-gold-000001", "kosta:other:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_nobody_says_who_pays() {
    let day = Day::closed().await;
    let mut told = day.honest("kosta");
    told.push("BOOK-1,2026-10-12,777,RUB,partner_pays_bank,".to_owned());
    day.state("kosta", &told).await;
    day.compare().await;
    let text = "SELECT f ->> 'theirs' FROM reconciliation_break b, jsonb_array_elements(b.fields) f \
                WHERE b.subject = 'BOOK-1' AND f ->> 'field' = 'direction'";
    let row = day.world.pool.get().await.unwrap().query_one(text, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "partner_pays_bank");
}
