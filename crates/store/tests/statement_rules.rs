//! The rules that let one schema and one set of statements run on one PostgreSQL and on a distributed one,
//! held without a distributed one: over every SQL text of the store and over the migrated catalog.
//!
//! Each rule is shown to catch a planted violation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use store::sql::{ALL, HOT_TABLES};
use support::World;
use tokio_postgres::Client;

/// The one statement that changes rows of a hot table in all buckets: the switch of cycle or rules.
const SWITCH_FILE: &str = "cycles.rs";

/// Budgets and coupons belong to no member and so to no bucket. Their rows are local tables of the coordinator, where lanes
/// run; they must not be a reference table, whose row locks take the whole of it on every node.
const LOCKED_ON_THE_COORDINATOR: [&str; 3] = ["break_case", "campaign_budget_slice", "coupon_code"];

// ---- Texts ----------------------------------------------------------------------------------------------------

/// Words and single signs of an SQL text; words keep their dots and dollars, values in quotes become `''`,
/// comments go.
fn tokens(sql: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
        } else if c == '-' && chars.peek() == Some(&'-') {
            while chars.next().is_some_and(|c| c != '\n') {}
        } else if c == '\'' {
            while chars.next().is_some_and(|c| c != '\'') {}
            tokens.push("''".into());
        } else if c.is_alphanumeric() || "_$.".contains(c) {
            let mut word = String::from(c);
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || "_$.".contains(*c)) {
                word.push(c);
            }
            tokens.push(word.to_lowercase());
        } else {
            tokens.push(c.into());
        }
    }
    tokens
}

fn has(tokens: &[String], words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    tokens.windows(words.len()).any(|window| window == words.as_slice())
}

fn is_hot(table: &str) -> bool {
    HOT_TABLES.contains(&table.strip_prefix("public.").unwrap_or(table))
}

/// A table that a text names, under the name by which it is called there.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    table: String,
    alias: String,
    /// Its place among the tokens.
    at: usize,
    joined: bool,
}

fn is_name(word: &str) -> bool {
    let reserved = [
        "on",
        "where",
        "set",
        "using",
        "order",
        "group",
        "for",
        "join",
        "left",
        "right",
        "full",
        "inner",
        "cross",
        "as",
        "select",
        "values",
        "limit",
        "returning",
        "union",
        "natural",
        "lateral",
        "from",
        "having",
        "only",
    ];
    word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '{' || c == '}')
        && !word.is_empty()
        && !reserved.contains(&word)
}

/// Whether a comma after these words goes on with the tables of a FROM.
fn in_from_list(before: &[String]) -> bool {
    let clauses = ["select", "from", "where", "set", "values", "order", "group", "into", "conflict"];
    before.iter().rfind(|word| clauses.contains(&word.as_str())).is_some_and(|word| word == "from")
}

/// Tables after FROM, a comma of a FROM list, JOIN, INTO, UPDATE.
fn named(tokens: &[String]) -> Vec<Named> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let before = |back: usize| at.checked_sub(back).map_or("", word);
        let verb = match word(at) {
            "from" | "join" | "into" | "using" => true,
            // `FOR UPDATE`, `FOR NO KEY UPDATE` and `DO UPDATE` name no table.
            "update" => !["for", "key", "do"].contains(&before(1)),
            "," => is_hot(word(at + 1)) && in_from_list(&tokens[..at]),
            _ => false,
        };
        let only = usize::from(word(at + 1) == "only");
        let table = word(at + 1 + only);
        if !verb || !is_name(table) || word(at + 2 + only) == "(" && word(at) != "into" {
            continue;
        }
        let next = at + 2 + only + usize::from(word(at + 2 + only) == "as");
        let alias = if is_name(word(next)) && word(at) != "into" { word(next) } else { table };
        let joined = word(at) == "join" || word(at) == ",";
        found.push(Named { table: table.into(), alias: alias.into(), at: at + 1 + only, joined });
    }
    found
}

/// Whether the rows of `alias` are held to buckets that are parameters: `bucket = $n` or `bucket = ANY($n`.
fn has_buckets(tokens: &[String], alias: &str) -> bool {
    let Some(start) = tokens.iter().position(|word| word == "where") else { return false };
    let columns = ["bucket".to_owned(), format!("{alias}.bucket")];
    let rest = &tokens[start..];
    (0..rest.len()).any(|at| {
        let word = |ahead: usize| rest.get(at + ahead).map_or("", String::as_str);
        let value = match word(2) {
            "any" if word(3) == "(" => word(4),
            other => other,
        };
        columns.contains(&rest[at])
            && word(1) == "="
            && value.starts_with('$')
            && !rest.iter().any(|w| w == "or")
    })
}

/// The tables of staff, cases and the journal are no distributed ones, and triggers keep what they promise.
fn has_trigger_on_a_hot_table(tokens: &[String]) -> bool {
    let creates = has(tokens, "create trigger") || has(tokens, "create constraint trigger");
    let on = tokens.iter().position(|word| word == "on").and_then(|at| tokens.get(at + 1));
    creates && on.is_none_or(|table| is_hot(table))
}

/// What is wrong with an SQL text; empty if it keeps the rules.
fn broken(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let tables = named(&tokens);
    let mut broken = Vec::new();
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    for (words, what) in [
        ("merge into", "MERGE is refused by a distributed engine"),
        ("create rule", "rules are refused on distributed tables"),
        ("row level security", "row-level security breaks INSERT ... SELECT FROM unnest"),
        ("create policy", "row-level security breaks INSERT ... SELECT FROM unnest"),
        ("create sequence", "sequences are not ordered across nodes"),
        ("lock table", "a table is never locked"),
        ("prepare transaction", "the client never prepares transactions"),
    ] {
        if has(&tokens, words) {
            broken.push(what.to_owned());
        }
    }
    if has_trigger_on_a_hot_table(&tokens) {
        broken.push("triggers are refused on distributed tables".into());
    }
    if tokens.iter().any(|word| word.contains("force_generic_plan")) {
        broken.push("force_generic_plan breaks a distributed engine".into());
    }
    for at in 0..tokens.len() {
        lock_at(&tokens, &tables, at, &mut broken);
    }
    let changes = tokens.iter().enumerate().any(|(at, word)| {
        word == "delete"
            || word == "update" && !["for", "key"].contains(&tokens[at.saturating_sub(1)].as_str())
    });
    let volatile = [
        "random",
        "now",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "timeofday",
        "nextval",
        "gen_random_uuid",
    ];
    let bare = ["current_timestamp", "current_date", "localtimestamp", "current_time"];
    if changes
        && (0..tokens.len())
            .any(|at| volatile.contains(&word(at)) && word(at + 1) == "(" || bare.contains(&word(at)))
    {
        broken.push("a changing function in UPDATE is refused: pass the value in".into());
    }
    changes_of_hot(&tokens, &tables, &mut broken);
    joins_of_hot(&tokens, &tables, &mut broken);
    broken
}

/// `FOR UPDATE`, `FOR SHARE` and their kin at this place.
fn lock_at(tokens: &[String], tables: &[Named], at: usize, broken: &mut Vec<String>) {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let next = match (word(at), word(at + 1), word(at + 2), word(at + 3)) {
        ("for", "update" | "share", ..) => at + 2,
        ("for", "key", "share", _) => at + 3,
        ("for", "no", "key", "update") => at + 4,
        _ => return,
    };
    let mut locked: Vec<&Named> = Vec::new();
    if word(next) == "of" {
        let mut place = next + 1;
        while is_name(word(place)) {
            match tables.iter().find(|named| named.alias == word(place)) {
                Some(named) => locked.push(named),
                None => broken.push(format!("the locked {} is no table of the text", word(place))),
            }
            if word(place + 1) != "," {
                break;
            }
            place += 2;
        }
    } else {
        locked.extend(tables);
    }
    for named in locked.iter().filter(|named| !LOCKED_ON_THE_COORDINATOR.contains(&named.table.as_str())) {
        if !is_hot(&named.table) {
            broken.push(format!("a lock on {}, which is not spread by bucket", named.table));
        } else if !has_buckets(tokens, &named.alias) {
            broken.push(format!("a lock on {} without its buckets", named.table));
        }
    }
    if locked.is_empty() {
        broken.push("a lock on nothing that can be named".into());
    }
    if has(tokens, "skip locked") && !locked.iter().any(|named| has_buckets(tokens, &named.alias)) {
        broken.push("SKIP LOCKED without a bucket".into());
    }
}

/// UPDATE, DELETE, TRUNCATE and upserts.
fn changes_of_hot(tokens: &[String], tables: &[Named], broken: &mut Vec<String>) {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    for named in tables {
        let skipped = usize::from(word(named.at - 1) == "only");
        let verb = word(named.at - 1 - skipped);
        let deleted = verb == "from" && named.at >= 2 + skipped && word(named.at - 2 - skipped) == "delete";
        if (verb == "update" || deleted) && named.table.contains('{') {
            broken.push("a change of a table whose name is put together".into());
        }
        if !is_hot(&named.table) {
            continue;
        }
        if (verb == "update" || deleted) && !has_buckets(tokens, &named.alias) {
            broken.push(format!("a change of {} without its buckets", named.table));
        }
        if verb == "into" && has(tokens, "do update") {
            let conflict = tokens.windows(4).find(|w| w[0] == "on" && w[1] == "conflict");
            if conflict.is_none_or(|w| w[2] != "(" || w[3] != "bucket") {
                broken.push(format!("an upsert of {} that does not lead with bucket", named.table));
            }
        }
    }
    for at in 0..tokens.len() {
        let moved = ["bucket", "a.bucket"].contains(&word(at))
            && word(at + 1) == "="
            && (word(at.wrapping_sub(1)) == "set" || set_list_holds(tokens, at));
        if moved {
            broken.push("a row never changes its bucket".into());
        }
        // `TRUNCATE ON` is a trigger or a revoked right that keeps others from it.
        if word(at) == "truncate" && word(at + 1) != "on" {
            broken.push("nothing is truncated".into());
        }
    }
}

/// Whether the token stands in the list after SET, before FROM or WHERE.
fn set_list_holds(tokens: &[String], at: usize) -> bool {
    let before = &tokens[..at];
    let set = before.iter().rposition(|word| word == "set");
    set.is_some_and(|set| !before[set..].iter().any(|word| word == "from" || word == "where"))
        && at.checked_sub(1).is_some_and(|back| tokens[back] == ",")
}

/// Hot tables are joined with the bucket, else rows travel between the nodes.
fn joins_of_hot(tokens: &[String], tables: &[Named], broken: &mut Vec<String>) {
    let hot: Vec<&Named> = tables.iter().filter(|named| is_hot(&named.table)).collect();
    for named in hot.iter().filter(|named| named.joined) {
        let end = tokens[named.at..]
            .iter()
            .position(|word| word == "join" || word == "where")
            .map_or(tokens.len(), |length| named.at + length);
        let condition = &tokens[named.at..end];
        let column = format!("{}.bucket", named.alias);
        let by_column = condition.windows(3).any(|w| {
            w[1] == "=" && (w[0] == column || w[2] == column) && (w[0].contains('.') && w[2].contains('.'))
        });
        if !by_column && !has(condition, "using ( bucket") {
            broken.push(format!("a join of {} without the bucket", named.table));
        }
    }
}

/// Whether it is the switch: all gates of one program at once.
fn is_switch(sql: &str) -> bool {
    let tokens = tokens(sql);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let one_program = words
        .windows(4)
        .any(|w| w[0] == "where" && w[1] == "program_id" && w[2] == "=" && w[3].starts_with('$'));
    words.first() == Some(&"update") && words.get(1) == Some(&"cycle_gate") && one_program
}

// ---- Source ---------------------------------------------------------------------------------------------------

/// The values of the string literals of a Rust source, without comments.
fn literals(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let (mut found, mut place) = (Vec::new(), 0);
    while place < chars.len() {
        match (at(place), at(place + 1)) {
            ('/', '/') => {
                while place < chars.len() && at(place) != '\n' {
                    place += 1;
                }
            }
            ('/', '*') => {
                while place < chars.len() && (at(place), at(place + 1)) != ('*', '/') {
                    place += 1;
                }
                place += 2;
            }
            ('\'', '\\') => {
                place += 3;
                while place < chars.len() && at(place) != '\'' {
                    place += 1;
                }
                place += 1;
            }
            ('\'', _) if at(place + 2) == '\'' => place += 3,
            ('r', '"' | '#') if !at(place.wrapping_sub(1)).is_alphanumeric() => {
                let hashes = (1..).take_while(|ahead| at(place + ahead) == '#').count();
                if at(place + 1 + hashes) != '"' {
                    place += 1;
                    continue;
                }
                let mut text = String::new();
                place += hashes + 2;
                let ends = |place: usize| at(place) == '"' && (1..=hashes).all(|n| at(place + n) == '#');
                while place < chars.len() && !ends(place) {
                    text.push(at(place));
                    place += 1;
                }
                place += 1 + hashes;
                found.push(text);
            }
            ('"', _) => {
                let mut text = String::new();
                place += 1;
                while place < chars.len() && at(place) != '"' {
                    if at(place) == '\\' {
                        place += 1;
                        match at(place) {
                            '\n' => {
                                while at(place + 1).is_whitespace() {
                                    place += 1;
                                }
                            }
                            'n' => text.push('\n'),
                            other => text.push(other),
                        }
                    } else {
                        text.push(at(place));
                    }
                    place += 1;
                }
                place += 1;
                found.push(text);
            }
            _ => place += 1,
        }
    }
    found
}

/// Whether a text holds SQL: one of its verbs as a word in capitals.
fn is_sql(text: &str) -> bool {
    let verbs = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "LOCK", "COPY", "CREATE", "ALTER",
        "DROP", "SET", "PREPARE", "DECLARE", "WITH", "GRANT",
    ];
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| verbs.contains(&word))
}

/// File name and source of every file below `src`.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    found
}

/// The statements of the migrations, as the runner sends them.
fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), store::MIGRATIONS.len(), "every file is a migration");
    let split = |text: String| text.split("\n---\n").map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    files.iter().flat_map(|file| split(fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn every_text_of_the_message_path_keeps_the_rules() {
    for (name, text) in ALL {
        assert_eq!(broken(text), Vec::<String>::new(), "{name}: {text}");
        assert!(is_sql(text), "{name}");
    }
}

#[test]
fn the_list_of_texts_is_complete() {
    let source = sources().into_iter().find(|(name, _)| name == "sql.rs").unwrap().1;
    let constants: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str ").map(|(name, _)| name))
        .collect();
    let listed: BTreeSet<&str> = ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(constants, listed);
    assert_eq!(listed.len(), ALL.len(), "each once");
    let texts: Vec<String> = literals(&source);
    for (name, text) in ALL {
        // Those that read purchases are put together: the list of columns stands in one place.
        let joined = source.contains(&format!("pub const {name}: &str = concat!("));
        assert!(
            joined || texts.iter().any(|literal| literal == text),
            "{name} is read from the source as it is"
        );
    }
}

#[test]
fn every_text_in_the_source_keeps_the_rules() {
    let mut switches = 0;
    let mut seen = 0;
    for (file, source) in sources() {
        for text in literals(&source).into_iter().filter(|text| is_sql(text)) {
            seen += 1;
            if is_switch(&text) {
                assert_eq!(file, SWITCH_FILE, "only the switch changes all gates: {text}");
                switches += 1;
                let others: Vec<String> =
                    broken(&text).into_iter().filter(|rule| !rule.contains("without its buckets")).collect();
                assert_eq!(others, Vec::<String>::new(), "{text}");
                continue;
            }
            if file.ends_with("batch.rs") && text == "SET plan_cache_mode = force_generic_plan" {
                continue;
            }
            assert_eq!(broken(&text), Vec::<String>::new(), "{file}: {text}");
        }
        // Once, behind the question whether the engine is one machine.
        let allowed = usize::from(file.ends_with("batch.rs"));
        assert_eq!(source.matches("force_generic_plan").count(), allowed, "{file}");
    }
    assert_eq!(switches, 2, "the cut, and the switch of rules");
    assert!(seen > ALL.len() + 20, "the scan finds the texts: {seen}");
}

#[test]
fn the_switch_writes_the_reference_table_first() {
    let source = sources().into_iter().find(|(name, _)| name == SWITCH_FILE).unwrap().1;
    let body = source.split_once("async fn try_cut").unwrap().1;
    let place = |text: &str| body.find(text).unwrap_or_else(|| panic!("{text} is not in the cut"));
    assert!(place("UPDATE settlement_cycle") < place("UPDATE cycle_gate"));
    assert!(place("lock_timeout") < place("UPDATE settlement_cycle"), "it never waits for long");
}

#[test]
fn planted_texts_are_caught() {
    let table = [
        ("MERGE INTO transfer t USING unnest($1::int[]) u ON true WHEN MATCHED THEN DO NOTHING", "MERGE"),
        ("UPDATE member_account SET account_seq = 1 WHERE account_id = $1", "without its buckets"),
        (
            "UPDATE member_account a SET account_seq = u.s FROM unnest($1::int[]) u(b, s) WHERE a.bucket = u.b",
            "without its",
        ),
        ("UPDATE ONLY member_account SET account_seq = 1 WHERE account_id = $1", "without its buckets"),
        ("UPDATE public.purchase SET hold = $1", "without its buckets"),
        ("update purchase set hold = $2 where bucket = 7", "without its buckets"),
        ("UPDATE purchase SET hold = $2 WHERE bucket = $1 OR purchase_key = $3", "without its buckets"),
        ("DELETE FROM outbox WHERE account_id = $1", "without its buckets"),
        (
            "WITH gone AS (DELETE FROM outbox WHERE account_seq < $1 RETURNING 1) SELECT 1",
            "without its buckets",
        ),
        ("SELECT 1 FROM member_account WHERE account_id = ANY($1) FOR UPDATE", "a lock on member_account"),
        (
            "SELECT 1 FROM member_account a JOIN card c ON c.bucket = a.bucket WHERE c.bucket = $1 FOR UPDATE OF a",
            "a lock on member_account",
        ),
        ("SELECT 1 FROM member_account FOR NO KEY UPDATE", "a lock on member_account"),
        ("SELECT 1 FROM cycle_gate FOR KEY SHARE", "a lock on cycle_gate"),
        ("SELECT 1 FROM settlement_cycle WHERE cycle_id = $1 FOR SHARE", "a lock on settlement_cycle"),
        ("SELECT 1 FROM card_route WHERE token = $1 FOR UPDATE", "a lock on card_route"),
        (
            "SELECT 1 FROM cycle_gate g JOIN program p ON true WHERE g.bucket = $1 FOR SHARE",
            "a lock on program",
        ),
        ("SELECT 1 FROM outbox ORDER BY account_seq FOR UPDATE SKIP LOCKED", "SKIP LOCKED"),
        ("UPDATE purchase SET held_minor = random() WHERE bucket = $1", "changing function"),
        (
            "UPDATE purchase SET held_minor = 1 WHERE bucket = $1 AND purchase_date < now()",
            "changing function",
        ),
        ("UPDATE purchase SET purchase_date = CURRENT_DATE WHERE bucket = $1", "changing function"),
        (
            "INSERT INTO purchase (bucket) VALUES ($1) ON CONFLICT (bucket, purchase_key) DO UPDATE SET held_minor = random()",
            "changing function",
        ),
        (
            "INSERT INTO purchase (bucket) VALUES ($1) ON CONFLICT (purchase_key, bucket) DO UPDATE SET held_minor = 1",
            "an upsert",
        ),
        (
            "INSERT INTO purchase (bucket) VALUES ($1) ON CONFLICT ON CONSTRAINT purchase_pkey DO UPDATE SET held_minor = 1",
            "an upsert",
        ),
        ("UPDATE member_account SET bucket = $1 WHERE bucket = $2", "never changes its bucket"),
        (
            "UPDATE member_account SET account_seq = 1, bucket = $1 WHERE bucket = $2",
            "never changes its bucket",
        ),
        ("SELECT 1 FROM transfer t JOIN message m ON m.message_key = t.message_key", "a join of message"),
        ("SELECT 1 FROM transfer t, message m WHERE m.message_key = t.message_key", "a join of message"),
        ("TRUNCATE outbox", "truncated"),
        ("UPDATE {table} SET state = $1", "put together"),
        ("SET plan_cache_mode = force_generic_plan", "force_generic_plan"),
        ("CREATE TRIGGER t BEFORE INSERT ON transfer EXECUTE FUNCTION f()", "triggers"),
        ("CREATE RULE r AS ON INSERT TO transfer DO INSTEAD NOTHING", "rules"),
        ("ALTER TABLE transfer ENABLE ROW LEVEL SECURITY", "row-level"),
        ("LOCK TABLE transfer IN SHARE MODE", "never locked"),
        ("UPDATE cycle_gate SET cycle_id = $1", "without its buckets"),
    ];
    for (text, expected) in table {
        let found = broken(text);
        assert!(found.iter().any(|rule| rule.contains(expected)), "{text}: {found:?}");
    }
    assert!(!is_switch("UPDATE cycle_gate SET cycle_id = $1"), "all programs at once is no switch");
    assert!(!is_switch("UPDATE purchase SET hold = $1 WHERE program_id = $2"));
}

#[test]
fn texts_that_keep_the_rules_pass() {
    for text in [
        "SELECT 1 FROM outbox WHERE bucket = $1 ORDER BY account_seq FOR UPDATE SKIP LOCKED",
        "DELETE FROM outbox o WHERE o.bucket = ANY($1::int[]) AND o.account_seq < $2",
        "UPDATE settlement_cycle SET state = 'closing' WHERE cycle_id = $1",
        "SELECT sum(amount) FROM transfer WHERE cycle_id = $1",
        "SELECT 1 FROM transfer t JOIN message m ON m.bucket = t.bucket AND m.message_key = t.message_key",
        "INSERT INTO outbox (bucket) SELECT * FROM unnest($1::int[]) ON CONFLICT DO NOTHING",
    ] {
        assert_eq!(broken(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_scan_reads_rust() {
    let source = r####"
        // "SELECT in a comment"
        /* "DELETE in another" */
        const A: &str = "UPDATE a \
                         SET b = \"c\"";
        fn f<'a>(x: &'a str) -> char { let r = r#"MERGE "INTO" d"#; '"' }
        const B: &str = "DELETE"; const C: char = '\''; const D: &str = r"COPY e";
    "####;
    let expected = ["UPDATE a SET b = \"c\"", "MERGE \"INTO\" d", "DELETE", "COPY e"];
    assert_eq!(literals(source), expected);
    assert!(expected.iter().all(|text| is_sql(text)) && !is_sql("the update was SELECTED"));
}

/// The commands that a text holds: what stands between semicolons outside of quotes and comments.
fn commands(text: &str) -> usize {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '\'' || c == '"' {
            rest[1..].find(c).map_or(rest.len(), |end| end + 2)
        } else if c == '$'
            && rest[1..]
                .find('$')
                .is_some_and(|end| rest[1..=end].chars().all(|c| c.is_alphanumeric() || c == '_'))
        {
            let tag = &rest[..rest[1..].find('$').unwrap() + 2];
            rest[tag.len()..].find(tag).map_or(rest.len(), |end| end + 2 * tag.len())
        } else {
            kept.push(c);
            c.len_utf8()
        };
        if skipped > c.len_utf8() {
            kept.push('x');
        }
        rest = &rest[skipped..];
    }
    kept.split(';').filter(|part| part.chars().any(|c| c.is_alphanumeric() && c != 'x')).count()
}

/// It orders the batches of one bucket, which lie on one node, and those that share a budget, which is on the coordinator:
/// nobody compares its numbers across nodes.
const ONE_SEQUENCE: &str = "CREATE SEQUENCE decision_batch";

#[test]
fn a_migration_sends_one_command_at_a_time() {
    let statements = migrations();
    assert!(statements.len() > 20);
    for statement in &statements {
        assert_eq!(commands(statement), 1, "{statement}");
        // What a trigger does, it does where its table is, which is no distributed one.
        if statement.contains("RETURNS trigger") {
            continue;
        }
        let allowed = if statement.ends_with(ONE_SEQUENCE) { 1 } else { 0 };
        assert_eq!(broken(statement).len(), allowed, "{statement}: {:?}", broken(statement));
    }
    assert_eq!(commands("CREATE TABLE a (b int); CREATE INDEX ON a (b)"), 2, "a planted second command");
    assert_eq!(commands("-- a; b\nCREATE TABLE a (b text DEFAULT ';');"), 1);
    assert_eq!(commands("DO $body$ BEGIN PERFORM 1; PERFORM 2; END $body$"), 1);
    assert_eq!(commands("-- nothing;"), 0);
}

// ---- Catalog --------------------------------------------------------------------------------------------------

/// Each query returns what breaks its rule; `$1` are the hot tables.
const CATALOG: &[(&str, &str)] = &[
    (
        // A break names the bucket of its transaction, where it is about one; it lies on the coordinator.
        "a table with a bucket is hot, or the route",
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'bucket' \
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace \
         AND c.relname::text <> ALL($1) AND c.relname NOT IN ('card_route', 'reconciliation_break')",
    ),
    (
        "bucket is int NOT NULL",
        "SELECT h.name FROM unnest($1::text[]) h(name) WHERE NOT EXISTS (SELECT FROM pg_attribute a \
         WHERE a.attrelid = to_regclass(h.name) AND a.attname = 'bucket' AND a.atttypid = 'int4'::regtype AND a.attnotnull)",
    ),
    (
        "a hot table has a primary key",
        "SELECT h.name FROM unnest($1::text[]) h(name) WHERE NOT EXISTS (SELECT FROM pg_index i \
         WHERE i.indrelid = to_regclass(h.name) AND i.indisprimary)",
    ),
    (
        "primary keys, unique and exclusion constraints lead with bucket",
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
         WHERE c.relname::text = ANY($1) AND (i.indisunique OR i.indisexclusion) AND a.attname IS DISTINCT FROM 'bucket'",
    ),
    (
        "foreign keys between hot tables lead with bucket on both sides",
        "SELECT k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         JOIN pg_class p ON p.oid = k.confrelid \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] \
         JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1] \
         WHERE k.contype = 'f' AND c.relname::text = ANY($1) AND p.relname::text = ANY($1) \
         AND (a.attname <> 'bucket' OR b.attname <> 'bucket')",
    ),
    (
        "no foreign key leads from a reference table to a hot one",
        "SELECT k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         JOIN pg_class p ON p.oid = k.confrelid \
         WHERE k.contype = 'f' AND c.relname::text <> ALL($1) AND p.relname::text = ANY($1)",
    ),
    (
        "no ON DELETE SET NULL or SET DEFAULT over the bucket",
        "SELECT k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         WHERE k.contype = 'f' AND c.relname::text = ANY($1) AND (k.confdeltype IN ('n', 'd') OR k.confupdtype IN ('n', 'd'))",
    ),
    (
        "no triggers",
        "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE NOT t.tgisinternal AND c.relname::text = ANY($1)",
    ),
    (
        "no rules",
        "SELECT r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relname::text = ANY($1)",
    ),
    (
        "no row-level security",
        "SELECT c.relname::text FROM pg_class c WHERE c.relname::text = ANY($1) AND (c.relrowsecurity OR c.relforcerowsecurity \
         OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))",
    ),
    (
        "no identity, sequence or other changing default",
        "SELECT c.relname::text || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
         WHERE c.relname::text = ANY($1) AND (a.attidentity <> '' OR a.attgenerated <> '' AND a.attname = 'bucket' \
         OR pg_get_expr(d.adbin, d.adrelid) LIKE '%(%')",
    ),
    (
        "no sequence belongs to a hot table",
        "SELECT s.relname::text FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass \
         AND d.refclassid = 'pg_class'::regclass JOIN pg_class c ON c.oid = d.refobjid \
         WHERE s.relkind = 'S' AND c.relname::text = ANY($1)",
    ),
    (
        "the gateway's role may not change or remove what is there",
        "SELECT t.name || ' ' || p.name FROM unnest(ARRAY['transfer', 'message', 'outbox', 'match_ref', 'bank_totals', 'bank_window', 'member_change']) t(name) \
         CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) p(name) \
         WHERE $1::text[] IS NOT NULL AND has_table_privilege('cobrand_gateway', t.name, p.name)",
    ),
    (
        "nor single columns of it",
        "SELECT t.name FROM unnest(ARRAY['transfer', 'message', 'outbox', 'match_ref', 'bank_totals', 'bank_window', 'member_change']) t(name) \
         WHERE $1::text[] IS NOT NULL AND has_any_column_privilege('cobrand_gateway', t.name, 'UPDATE')",
    ),
    (
        "the gateway's role removes nothing anywhere",
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
         AND $1::text[] IS NOT NULL AND (has_table_privilege('cobrand_gateway', c.oid, 'DELETE') \
         OR has_table_privilege('cobrand_gateway', c.oid, 'TRUNCATE'))",
    ),
    (
        "the gateway's role is nobody special",
        "SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = 'cobrand_gateway' AND $1::text[] IS NOT NULL \
         AND (r.rolsuper OR r.rolcanlogin OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication \
         OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))",
    ),
];

async fn catalog_breaks(client: &Client) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (rule, query) in CATALOG {
        let rows =
            client.query(*query, &[&HOT_TABLES]).await.unwrap_or_else(|error| panic!("{rule}: {error:?}"));
        found.extend(rows.iter().map(|row| (*rule, row.get::<_, String>(0))));
    }
    found
}

#[tokio::test]
async fn the_migrated_catalog_keeps_the_rules() {
    let (_, _, _, admin) = World::migrated().await;
    assert_eq!(catalog_breaks(&admin).await, vec![]);
}

/// Also as they stand, whatever a lane makes of them on one machine.
#[tokio::test]
async fn every_text_of_the_message_path_fits_the_schema_and_the_role() {
    let (_, _, _, admin) = World::migrated().await;
    admin.batch_execute("SET ROLE cobrand_gateway").await.unwrap();
    for (name, text) in ALL {
        admin.prepare(text).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[tokio::test]
async fn planted_changes_of_the_catalog_are_caught() {
    let (_, _, _, admin) = World::migrated().await;
    let table = [
        ("CREATE TABLE extra (bucket int NOT NULL)", "is hot, or the route"),
        ("ALTER TABLE outbox ALTER bucket TYPE bigint", "int NOT NULL"),
        ("ALTER TABLE message DROP CONSTRAINT message_pkey, ALTER bucket DROP NOT NULL", "int NOT NULL"),
        ("ALTER TABLE message DROP CONSTRAINT message_pkey", "has a primary key"),
        ("CREATE UNIQUE INDEX planted ON message (message_key, bucket)", "lead with bucket"),
        ("CREATE UNIQUE INDEX planted ON message (lower(stan), bucket)", "lead with bucket"),
        ("ALTER TABLE card ADD UNIQUE (token)", "lead with bucket"),
        (
            "ALTER TABLE member_account ADD UNIQUE (account_id, bucket); ALTER TABLE outbox ADD CONSTRAINT planted \
             FOREIGN KEY (account_id, bucket) REFERENCES member_account (account_id, bucket)",
            "on both sides",
        ),
        (
            "ALTER TABLE card_route ADD CONSTRAINT planted FOREIGN KEY (bucket, account_id) REFERENCES member_account (bucket, account_id)",
            "from a reference table",
        ),
        (
            "ALTER TABLE outbox ADD CONSTRAINT planted FOREIGN KEY (bucket, account_id) \
             REFERENCES member_account (bucket, account_id) ON DELETE SET NULL",
            "SET NULL",
        ),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; \
             CREATE TRIGGER planted BEFORE INSERT ON transfer EXECUTE FUNCTION f()",
            "no triggers",
        ),
        ("CREATE RULE planted AS ON DELETE TO transfer DO INSTEAD NOTHING", "no rules"),
        ("ALTER TABLE transfer ENABLE ROW LEVEL SECURITY", "row-level"),
        ("CREATE POLICY planted ON transfer", "row-level"),
        ("ALTER TABLE outbox ADD planted bigint GENERATED ALWAYS AS IDENTITY", "no identity"),
        ("ALTER TABLE outbox ADD planted bigserial", "no sequence belongs"),
        ("CREATE SEQUENCE s; ALTER TABLE outbox ALTER account_seq SET DEFAULT nextval('s')", "no identity"),
        ("ALTER TABLE outbox ADD planted timestamptz DEFAULT now()", "no identity"),
        ("GRANT UPDATE ON transfer TO cobrand_gateway", "may not change"),
        ("GRANT DELETE ON message TO cobrand_gateway", "may not change"),
        ("GRANT TRUNCATE ON outbox TO PUBLIC", "may not change"),
        ("GRANT UPDATE (amount) ON transfer TO cobrand_gateway", "single columns"),
        ("GRANT DELETE ON purchase TO cobrand_gateway", "removes nothing"),
        ("ALTER ROLE cobrand_gateway SUPERUSER", "nobody special"),
        ("GRANT pg_write_all_data TO cobrand_gateway", "nobody special"),
    ];
    for (planted, expected) in table {
        admin.batch_execute("BEGIN").await.unwrap();
        admin.batch_execute(planted).await.unwrap_or_else(|error| panic!("{planted}: {error:?}"));
        let found = catalog_breaks(&admin).await;
        admin.batch_execute("ROLLBACK").await.unwrap();
        assert!(found.iter().any(|(rule, _)| rule.contains(expected)), "{planted}: {found:?}");
    }
    for (rule, _) in CATALOG {
        assert!(
            table.iter().any(|(_, expected)| rule.contains(expected)),
            "no violation is planted for: {rule}"
        );
    }
    assert_eq!(catalog_breaks(&admin).await, vec![]);
}

#[tokio::test]
async fn the_gateways_role_gets_42501_where_it_may_not_write() {
    let world = World::new().await;
    let record = world.message(Some(world.member(9, 1).await), 1, support::CLEARING, 120_000);
    world.lane().await.run(&[record], &world.rules).await.unwrap();
    let client = support::client(&world.text).await;
    client.batch_execute("SET ROLE cobrand_gateway").await.unwrap();
    for text in [
        "UPDATE transfer SET amount = 1",
        "UPDATE message SET reply = ''",
        "UPDATE outbox SET payload = ''",
        "UPDATE match_ref SET amount_minor = 1",
        "DELETE FROM transfer",
        "DELETE FROM message",
        "DELETE FROM outbox",
        "DELETE FROM match_ref",
        "DELETE FROM member_balance",
        "TRUNCATE transfer",
        "UPDATE settlement_cycle SET state = 'open'",
        "INSERT INTO program_version VALUES ('', 1, '')",
        "UPDATE card_route SET bucket = 1",
        "UPDATE bank_totals SET balance = 1",
        "DELETE FROM bank_totals",
        "UPDATE bank_window SET bank_date = bank_date",
        "DELETE FROM bank_window",
        "UPDATE redemption SET miles = 1",
        "DELETE FROM redemption",
        "UPDATE redemption_piece SET miles = 1",
        "DELETE FROM redemption_piece",
        "INSERT INTO bank_window_withdrawal SELECT *, now(), 'x', 0, 0 FROM bank_window",
    ] {
        let error = client.batch_execute(text).await.unwrap_err();
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{text}: {error}");
    }
    assert_eq!(world.rows("transfer").await, 1);
}
