//! Each page that shows what was settled, compared with what must have been; and its own sum, from what it shows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    cycles::{Closed, Days},
    must::Must,
};
use crate::console_reader::{
    Page, Reader, pdf,
    table::{Line, Row, Table, minor, money, number},
};

/// By how much a kept closing differs from what was computed, if somebody has changed one.
pub(crate) struct Planted {
    /// The place of the cycle, the partner, the currency.
    pub(crate) place: usize,
    pub(crate) partner: String,
    pub(crate) currency: String,
    pub(crate) minor: i128,
}

/// What is compared with what, and how often it was.
pub(crate) struct Comparison<'d> {
    days: &'d Days,
    reader: &'d Reader,
    planted: Option<Planted>,
    /// Lines of tie-outs that are not what they must be.
    problems: Vec<String>,
    /// Rows that were compared, by page.
    pub(crate) rows: BTreeMap<&'static str, usize>,
}

const MEASURES: [(&str, &str); 7] = [
    ("Miles", "miles"),
    ("Turnover", "turnover"),
    ("Discount", "discount"),
    ("Discount, settled share", "discount-share"),
    ("Net", "net"),
    ("VAT", "vat"),
    ("To pay", "to-pay"),
];

/// The columns of opening, movements in one or more parts, paid, closing and difference.
struct Columns {
    movements: &'static [&'static str],
    result: (&'static str, [&'static str; 2]),
}

const OF_TODAY: Columns = Columns { movements: &["Movements"], result: ("Books", ["agrees", "differs"]) };
const OF_DAY: Columns =
    Columns { movements: &[EARNED, ADJUSTED, "VAT"], result: ("Result", ["ties", "does not tie"]) };
const OF_PARTNER: Columns =
    Columns { movements: &["Accrued", "VAT"], result: ("Result", ["ties", "does not tie"]) };

impl<'d> Comparison<'d> {
    pub(crate) fn new(days: &'d Days, reader: &'d Reader, planted: Option<Planted>) -> Self {
        Self { days, reader, planted, problems: Vec::new(), rows: BTreeMap::new() }
    }

    fn counts(&mut self, page: &'static str, rows: usize) {
        *self.rows.entry(page).or_default() += rows;
    }

    /// What is planted in this row: its closing is so much more.
    fn planted(&self, closed: &Closed, must: &Must) -> i128 {
        let planted = self.planted.as_ref().filter(|planted| {
            let of = &self.days.closed[planted.place];
            (of.program, of.turn) == (closed.program, closed.turn)
                && (&planted.partner, &planted.currency) == (&must.partner, &must.currency)
        });
        planted.map_or(0, |planted| planted.minor)
    }

    /// A row with opening, movements, paid, closing and difference: each as it must be, and the sum of what is shown.
    fn row(&self, line: Line<'_>, (closed, must): (&Closed, &Must), columns: &Columns) {
        let shown = |head: &str| line.minor(head, &must.currency);
        let planted = self.planted(closed, must);
        let [opening, paid, closing] = ["Opening", "Paid", "Closing"].map(shown);
        let movements: i128 = columns.movements.iter().map(|head| shown(head)).sum();
        let said = format!("{} {:?} {must:#?}\n{:?}", self.days.code(closed.program), closed.turn, line.row);
        assert_eq!(
            (opening, movements, paid, closing),
            (must.opening, must.movements(), must.paid, must.closing + planted),
            "{said}"
        );
        let difference = opening + movements - paid - closing;
        assert_eq!((difference, shown("Difference")), (-planted, -planted), "{said}");
        let (head, [ties, differs]) = columns.result;
        assert_eq!(line.text(head), if planted == 0 { ties } else { differs }, "{said}");
    }

    /// The start page: the last settled cycle of each program.
    pub(crate) async fn today(&mut self) {
        let (days, page) = (self.days, self.reader.page("/").await);
        let all: Vec<(&Closed, &Must)> = (0..days.month.programs.len())
            .map(|program| days.last(program))
            .flat_map(|closed| closed.must.iter().map(move |must| (closed, must)))
            .collect();
        for table in [page.table("ties-table"), self.reader.csv("/", "ties-table").await] {
            assert_eq!(table.rows.len(), all.len(), "{table:#?}");
            for (closed, must) in &all {
                let date = closed.turn.date.to_string();
                let code = days.code(closed.program);
                let of_program = [("Partner", must.partner.as_str()), ("Program", code)];
                let line = currency_line(&table, &of_program, "Opening", &must.currency);
                assert!(line.text("Business date").starts_with(&date), "{:?}", line.row);
                self.row(line, (closed, must), &OF_TODAY);
            }
            self.counts("Today", all.len());
        }
    }

    /// The list of days: what is paid in all, by currency.
    pub(crate) async fn list_of_days(&mut self) {
        let page = self.reader.page("/days").await;
        for program in 0..self.days.month.programs.len() {
            let code = self.days.code(program);
            let (id, cycles) = (format!("days-{code}"), self.days.month.programs[program].cycles());
            let table = page.table(&id);
            let file = self.reader.csv("/days", &id).await;
            assert_eq!(file.rows.len(), table.rows.len());
            for closed in self.days.closed.iter().filter(|closed| closed.program == program) {
                let date = closed.turn.date.to_string();
                let here = if cycles > 1 {
                    format!("/day/{code}/{date}?cycle={}", closed.turn.number)
                } else {
                    format!("/day/{code}/{date}")
                };
                for (currency, (net, gross)) in paid(&closed.must) {
                    let found: Vec<usize> = table
                        .lines()
                        .zip(0..)
                        .filter(|(line, _)| line.row.href == here && line.money(NET_OF_ALL).1 == currency)
                        .map(|(_, place)| place)
                        .collect();
                    let [place] = found[..] else { panic!("{here} in {currency}: {table:#?}") };
                    for of in [&table, &file] {
                        let line = of.lines().nth(place).unwrap();
                        assert_eq!(line.minor(NET_OF_ALL, &currency), net, "{here}");
                        assert_eq!(line.minor("Paid either way", &currency), gross, "{here}");
                    }
                    self.counts("Days", 1);
                }
            }
        }
    }

    /// The page of each closed cycle, and its files.
    pub(crate) async fn every_day(&mut self) {
        let mut held = BTreeMap::new();
        for place in 0..self.days.closed.len() {
            let closed = &self.days.closed[place];
            let path = self.path(closed);
            let page = self.reader.page(&path).await;
            self.arrivals(&page, closed);
            let balances = [page.table("balances-table"), self.reader.csv(&path, "balances-table").await];
            for table in balances {
                self.balances(&table, closed);
            }
            for table in [page.table("control-table"), self.reader.csv(&path, "control-table").await] {
                self.control(&table, closed);
            }
            let positions = page.captioned("What the bank and each partner owe").unwrap().clone();
            for table in [positions, self.reader.csv(&path, "positions-table").await] {
                self.positions(&table, closed);
            }
            let tie = page.captioned("Net, VAT and to pay are negative").unwrap().clone();
            self.tie(&tie, closed, |line| line.row.group.clone());
            let file = self.reader.csv(&path, "tie-table").await;
            self.tie(&file, closed, |line| line.text("Partner").to_owned());
            let miles = page.table("miles-table");
            let held = held.entry(closed.program).or_insert(0);
            *held = miles_of_members(&miles, closed, *held);
            self.counts("Day: miles", 1);
            self.waterfalls(&path, closed).await;
        }
        self.all_tie();
    }

    fn path(&self, closed: &Closed) -> String {
        format!("/day/{}/{}?cycle={}", self.days.code(closed.program), closed.turn.date, closed.turn.number)
    }

    fn arrivals(&mut self, page: &Page, closed: &Closed) {
        let shown = page.captioned("Messages of members' cards");
        let lines = shown.iter().flat_map(|table| table.lines());
        let found: BTreeMap<String, i128> = lines
            .filter(|line| line.row.keys.contains_key("data-mti"))
            .map(|line| (line.row.keys["data-mti"].clone(), line.number("Messages")))
            .collect();
        assert_eq!(found, closed.arrived, "{}", page.path);
        self.counts("Day: arrived", found.len());
    }

    fn balances(&mut self, table: &Table, closed: &Closed) {
        assert_eq!(table.rows.len(), closed.must.len(), "{table:#?}");
        for must in &closed.must {
            let line = currency_line(table, &[("Partner", &must.partner)], "Opening", &must.currency);
            self.row(line, (closed, must), &OF_DAY);
            let parts = [EARNED, ADJUSTED, "VAT"].map(|head| line.minor(head, &must.currency));
            assert_eq!(
                parts,
                [must.net - must.adjusted[0], must.adjusted[0], must.vat],
                "{must:#?} {:?}",
                line.row
            );
        }
        self.counts("Day: balances", closed.must.len());
    }

    /// What the bank's file, the books and the partner's file say.
    fn control(&mut self, table: &Table, closed: &Closed) {
        for must in &closed.must {
            let lines = table.lines().filter(|line| line.text("Partner") == must.partner);
            for line in lines {
                let wanted = match line.text("Measure") {
                    "Lines" => must.lines,
                    "Miles" => must.miles(),
                    "Net" => -must.net,
                    "VAT" => -must.vat,
                    "To pay" => -must.paid,
                    other => panic!("a measure {other}"),
                };
                let numbers = ["Bank's file", "Our books", "Partner's file"].map(|head| line.text(head));
                let said =
                    format!("{} {:?} {must:#?} {:?}", self.days.code(closed.program), closed.turn, line.row);
                let is_money = line.text("Our books").contains(['.']);
                for text in numbers.into_iter().filter(|text| !text.is_empty()) {
                    let shown = if is_money { line_money(text, &must.currency, &said) } else { number(text) };
                    assert_eq!(shown, wanted, "{said}");
                }
                assert!(
                    !numbers[0].is_empty() && !numbers[1].is_empty() || line.text("Measure") == "Miles",
                    "{said}"
                );
                assert_eq!(line.text("Result"), "ties", "{said}");
                self.counts("Day: control totals", 1);
            }
        }
        assert_eq!(table.rows.len(), closed.must.len() * 5);
    }

    fn positions(&mut self, table: &Table, closed: &Closed) {
        assert_eq!(table.rows.len(), closed.must.len(), "{table:#?}");
        for must in &closed.must {
            let line = currency_line(table, &[("Partner", &must.partner)], "To pay", &must.currency);
            let bank_pays = format!("bank pays {}", must.partner);
            let sign = if line.text("Direction") == bank_pays { -1 } else { 1 };
            let shown = ["Net", "VAT", "To pay"].map(|head| sign * line.minor(head, &must.currency));
            assert_eq!(shown, [must.net, must.vat, must.paid], "{must:#?} {:?}", line.row);
            let counted = ["Lines", "Miles"].map(|head| line.number(head));
            assert_eq!(counted, [must.lines, must.miles()], "{must:#?} {:?}", line.row);
            self.counts("Day: positions", 1);
        }
    }

    /// Transactions = ledger = files.
    fn tie(&mut self, table: &Table, closed: &Closed, partner: impl Fn(&Line<'_>) -> String) {
        let mut stated = 0;
        for line in table.lines() {
            let (label, partner) = (line.text("Measure"), partner(&line));
            let (measure, currency) = measure(label);
            let read = |text: &str| if currency.is_some() { minor(text) } else { number(text) };
            let said = format!(
                "{} {:?} {partner} {label}: {:?}",
                self.days.code(closed.program),
                closed.turn,
                line.row
            );
            let is_number = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
            let numbers: Vec<i128> = ["Transactions", "Ledger", "Files"]
                .map(|head| line.text(head))
                .into_iter()
                .filter(|text| is_number(text))
                .map(read)
                .collect();
            let is_equal = !numbers.is_empty() && numbers.iter().all(|one| *one == numbers[0]);
            let ties = ["0", "0.00"].contains(&line.text("Difference")) && line.text("Result") == "ties";
            let is_payment = ["net", "vat", "to-pay"].contains(&measure);
            let of = closed.must.iter().filter(|must| {
                must.partner == partner && (!is_payment || currency == Some(must.currency.as_str()))
            });
            let wanted: Vec<i128> = of.filter_map(|must| must.stated(measure)).collect();
            let files = line.text("Files");
            let is_right = match wanted.is_empty() {
                true => !is_number(files),
                false => is_number(files) && wanted.contains(&read(files)),
            };
            stated += usize::from(!wanted.is_empty());
            if !(is_equal && ties && is_right) {
                self.problems.push(format!("{said} must be {wanted:?}"));
            }
        }
        assert!(stated >= closed.must.len() * 3, "{table:#?}");
        self.counts("Day: tie-out", table.rows.len());
    }

    fn all_tie(&self) {
        let shown: Vec<&str> = self.problems.iter().take(PROBLEMS_MAX).map(String::as_str).collect();
        assert!(shown.is_empty(), "{} lines\n{}", self.problems.len(), shown.join("\n"));
    }

    /// The statement of each closed cycle, as it is printed.
    pub(crate) async fn every_statement(&mut self) {
        for closed in &self.days.closed {
            let (code, turn) = (self.days.code(closed.program), closed.turn);
            let path = format!("/day/{code}/{}/statement.pdf?cycle={}", turn.date, turn.number);
            let lines = pdf::lines(&self.reader.bytes(&path).await);
            assert!(
                lines.iter().any(|line| line[0].starts_with("All control totals tie:")),
                "{path}: {lines:?}"
            );
            let tie = printed(&lines, TIE_OUT, |line| {
                ["ties", "so far", "DOES NOT TIE"].contains(&line[6].as_str())
            });
            self.tie(&tie, closed, |line| line.text("Partner").to_owned());
            self.all_tie();
            let positions =
                printed(&lines, POSITIONS, |line| line[1] == "bank pays" || line[1] == "partner pays");
            // In the summary and in the annex.
            assert_eq!(positions.rows.len(), closed.must.len() * 2, "{path}: {lines:?}");
            for line in positions.lines() {
                let of = |must: &&Must| {
                    must.partner == line.text("Partner") && must.currency == line.money("Net").1
                };
                let must = closed.must.iter().find(of).unwrap();
                let sign = if line.text("Direction") == "bank pays" { -1 } else { 1 };
                let shown = ["Net", "VAT", "To pay"].map(|head| sign * line.minor(head, &must.currency));
                assert_eq!(shown, [must.net, must.vat, must.paid], "{path} {:?}", line.row);
                assert_eq!(line.number("Lines"), must.lines, "{path} {:?}", line.row);
                *self.rows.entry("Printed: positions").or_default() += 1;
            }
        }
    }

    /// The drawing of each partner's money: its table.
    async fn waterfalls(&mut self, path: &str, closed: &Closed) {
        for must in &closed.must {
            // Of a partner with two currencies one is drawn.
            if closed.must.iter().filter(|other| other.partner == must.partner).count() > 1 {
                continue;
            }
            let page = self.reader.page(&format!("{path}&partner={}", must.partner)).await;
            let table = page.table("waterfall-table");
            let [opening, earned, adjusted, vat, paid, closing] =
                ["Opening", EARNED, ADJUSTED, "VAT", "Paid", "Closing"]
                    .map(|step| table.line(&[("Step", step)]).minor("Amount", &must.currency));
            let planted = self.planted(closed, must);
            assert_eq!((opening, -paid, closing), (must.opening, must.paid, must.closing + planted));
            let parts = [must.net - must.adjusted[0], must.adjusted[0], must.vat];
            assert_eq!([earned, adjusted, vat], parts, "{path} {must:#?}");
            assert_eq!(opening + earned + adjusted + vat + paid - closing, -planted, "{path} {must:#?}");
            self.counts("Day: waterfall", 1);
        }
    }

    /// The page of each partner.
    pub(crate) async fn every_partner(&mut self) {
        let (from, until) = self.days.period();
        for partner in self.days.partners() {
            let path = format!("/partners/{partner}?from={from}&until={until}");
            let page = self.reader.page(&path).await;
            let all: Vec<(&Closed, &Must)> = self.of_partner(&partner);
            for table in [page.table("statement"), self.reader.csv(&path, "statement").await] {
                assert_eq!(table.rows.len(), all.len(), "{table:#?}");
                // Cycles of one date have equal keys and stand in their order.
                let mut lines: Vec<Line<'_>> = table.lines().collect();
                for (closed, must) in &all {
                    let (date, code) = (closed.turn.date.to_string(), self.days.code(closed.program));
                    let place = lines.iter().position(|line| {
                        line.text("Business date").starts_with(&date)
                            && line.text("Program") == code
                            && line.money("Opening").1 == must.currency
                    });
                    let line = lines.remove(place.unwrap_or_else(|| panic!("{date} {code} in {table:#?}")));
                    self.row(line, (closed, must), &OF_PARTNER);
                    let counted = ["Lines", "Miles"].map(|head| line.number(head));
                    assert_eq!(counted, [must.lines, must.miles()], "{must:#?} {:?}", line.row);
                }
                self.counts("Partner", all.len());
            }
            self.accrued(&page, &all);
        }
    }

    fn of_partner(&self, partner: &str) -> Vec<(&'d Closed, &'d Must)> {
        let days = self.days;
        let of = days.closed.iter().flat_map(|closed| closed.must.iter().map(move |must| (closed, must)));
        of.filter(|(_, must)| must.partner == partner).collect()
    }

    /// The chart of accrued against settled: its table has one currency.
    fn accrued(&mut self, page: &Page, all: &[(&Closed, &Must)]) {
        let table = page.table("accrued-table");
        for line in table.lines() {
            let (_, currency) = line.money("Accrued");
            let date = line.text("Business date");
            let of = |value: fn(&Must) -> i128| -> i128 {
                let of_date = all.iter().filter(|(closed, must)| {
                    closed.turn.date.to_string() == date && must.currency == currency
                });
                of_date.map(|(_, must)| value(must)).sum()
            };
            let shown = ["Accrued", "Paid"].map(|head| line.minor(head, &currency));
            assert_eq!(shown, [of(Must::movements), of(|must| must.paid)], "{} {date}", page.path);
        }
        assert!(!table.rows.is_empty());
        self.counts("Partner: chart", table.rows.len());
    }

    /// The lines of each position, as they stand in the file.
    pub(crate) async fn every_position(&mut self) {
        for closed in &self.days.closed {
            for must in &closed.must {
                let (code, turn) = (self.days.code(closed.program), closed.turn);
                let path = format!(
                    "/day/{code}/{}/positions/{}/{}?cycle={}",
                    turn.date, must.partner, must.currency, turn.number
                );
                let page = self.reader.page(&path).await;
                let (to_pay, currency) = money(&page.fact("To pay"));
                assert_eq!((to_pay, &currency), (must.paid.abs(), &must.currency), "{path}");
                assert_eq!(number(&page.fact("Lines in the books")), must.lines, "{path}");
                *self.rows.entry("Lines").or_default() += 1;
            }
        }
    }

    /// The same from the API for staff.
    pub(crate) async fn api(&mut self) {
        for closed in &self.days.closed {
            let (code, turn) = (self.days.code(closed.program), closed.turn);
            let path = format!("/api/v1/programs/{code}/days/{}?cycle={}", turn.date, turn.number);
            let day = self.reader.api(&path).await;
            let positions = day["positions"].as_array().unwrap();
            assert_eq!(positions.len(), closed.must.len(), "{path}");
            for must in &closed.must {
                let of =
                    |one: &&Value| one["partner"] == must.partner && one["net"]["currency"] == must.currency;
                let one = positions.iter().find(of).unwrap();
                let sign = if one["direction"] == "bank_pays_partner" { -1 } else { 1 };
                let shown = ["net", "vat", "to_pay"].map(|name| sign * whole(&one[name]["minor"]));
                assert_eq!(shown, [must.net, must.vat, must.paid], "{path} {one}");
                assert_eq!(
                    [&one["lines"], &one["miles"]].map(whole),
                    [must.lines, must.miles()],
                    "{path} {one}"
                );
            }
            let arrived = day["arrivals"].as_array().unwrap().iter();
            let arrived: BTreeMap<String, i128> = arrived
                .map(|one| (one["mti"].as_str().unwrap().to_owned(), whole(&one["messages"])))
                .collect();
            assert_eq!(arrived, closed.arrived, "{path}");
            assert_eq!(day["ties"], true, "{path}: {}", day["tie_out"]);
            for line in day["tie_out"].as_array().unwrap() {
                assert_eq!(
                    (whole(&line["difference"]["amount"]), &line["verdict"]),
                    (0, &"ties".into()),
                    "{path}"
                );
            }
            *self.rows.entry("API: day").or_default() += 1;
        }
        let (from, until) = self.days.period();
        for partner in self.days.partners() {
            let path = format!("/api/v1/partners/{partner}/statement?from={from}&until={until}");
            let statement = self.reader.api(&path).await;
            let mut lines: Vec<&Value> = statement["lines"].as_array().unwrap().iter().collect();
            for (closed, must) in self.of_partner(&partner) {
                let place = lines.iter().position(|line| {
                    line["program"] == self.days.code(closed.program)
                        && line["business_date"] == closed.turn.date.to_string()
                        && line["opening"]["currency"] == must.currency
                });
                let line = lines.remove(place.unwrap());
                let [opening, net, vat, adjusted, paid, closing, difference] =
                    ["opening", "net", "vat", "adjusted", "paid", "closing", "difference"]
                        .map(|name| whole(&line[name]["minor"]));
                let planted = self.planted(closed, must);
                assert_eq!(
                    (opening, net, vat, paid),
                    (must.opening, must.net, must.vat, must.paid),
                    "{line}"
                );
                assert_eq!((adjusted, closing), (must.adjusted[0], must.closing + planted), "{line}");
                assert_eq!(
                    (opening + net + vat - paid - closing, difference),
                    (-planted, -planted),
                    "{line}"
                );
                *self.rows.entry("API: statement").or_default() += 1;
            }
            assert!(lines.is_empty(), "{lines:?}");
        }
    }
}

const TIE_OUT: [&str; 7] = ["Partner", "Measure", "Transactions", "Ledger", "Files", "Difference", "Result"];
const POSITIONS: [&str; 6] = ["Partner", "Direction", "Lines", "Net", "VAT", "To pay"];

/// The rows of a printed table.
fn printed<const N: usize>(
    lines: &[Vec<String>],
    heads: [&str; N],
    is_row: impl Fn(&[String]) -> bool,
) -> Table {
    let rows = lines.iter().filter(|line| line.len() == N && is_row(line));
    let rows = rows.map(|line| Row { cells: line.clone(), ..Row::default() }).collect();
    Table { heads: heads.map(str::to_owned).to_vec(), rows, ..Table::default() }
}

/// The measure that a label names, and its currency; what did not fit a printed cell ends with `…`.
fn measure(label: &str) -> (&'static str, Option<&str>) {
    if let Some(begin) = label.strip_suffix('…') {
        let begins = |(known, _): &&(&str, &str)| known.to_ascii_lowercase().starts_with(begin);
        let found: Vec<_> = MEASURES.iter().filter(begins).collect();
        let [(_, measure)] = found[..] else { panic!("a measure {label}") };
        return (measure, Some(""));
    }
    let (name, currency) = match label.rsplit_once(", ") {
        Some((name, currency)) if currency.len() == 3 => (name, Some(currency)),
        _ => (label, None),
    };
    let found = MEASURES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    (found.unwrap_or_else(|| panic!("a measure {label}")).1, currency)
}

/// So many lines that do not tie are shown.
const PROBLEMS_MAX: usize = 20;
const ADJUSTED: &str = "Adjusted, without VAT";
const EARNED: &str = "Earned less reversed";
const NET_OF_ALL: &str = "Net of all partners; positive is what they pay";

fn whole(value: &Value) -> i128 {
    i128::from(value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number")))
}

fn line_money(text: &str, currency: &str, said: &str) -> i128 {
    let (shown, of) = money(text);
    assert_eq!(of, currency, "{said}");
    shown
}

/// The one line with these texts whose amount below `head` is in this currency.
fn currency_line<'t>(table: &'t Table, wanted: &[(&str, &str)], head: &str, currency: &str) -> Line<'t> {
    let fits = |line: &Line<'_>| {
        wanted.iter().all(|(head, text)| line.text(head) == *text) && line.money(head).1 == currency
    };
    let found: Vec<Line<'_>> = table.lines().filter(fits).collect();
    assert_eq!(found.len(), 1, "{wanted:?} in {currency} in {table:#?}");
    found[0]
}

/// What is paid by currency: net, positive if partners pay, and both ways together.
fn paid(all: &[Must]) -> BTreeMap<String, (i128, i128)> {
    let mut paid = BTreeMap::new();
    for must in all {
        let (net, gross) = paid.entry(must.currency.clone()).or_insert((0, 0));
        *net += must.paid;
        *gross += must.paid.abs();
    }
    paid
}

/// From what members held before to what they hold after it, which is told.
fn miles_of_members(table: &Table, closed: &Closed, before: i128) -> i128 {
    let shown = |step: &str| table.line(&[("Step", step)]).number("Miles");
    let steps = ["Earned", "Reversed", "Adjusted", "Spent", "Expired", "Other"].map(shown);
    let (opening, closing) = (shown("Opening"), shown("Closing"));
    assert_eq!(opening, before, "{:?}", closed.turn);
    assert_eq!(opening + steps.iter().sum::<i128>() - closing, 0, "{:?}", closed.turn);
    let moved = |basis: &str| -> i128 {
        let of = closed.must.iter().filter(|must| must.is_cobrand);
        of.filter_map(|must| must.moved.get(basis)).sum()
    };
    assert_eq!(steps[0] + steps[1], moved("miles_granted"), "{:?}", closed.turn);
    assert_eq!(-steps[3], moved("miles_redeemed"), "{:?}", closed.turn);
    closing
}
