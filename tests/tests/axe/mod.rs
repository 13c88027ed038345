//! What bars people from a page, as axe-core finds it: rules of WCAG 2.0 to 2.2, levels A and AA, and its best practices.

use std::{fs, sync::OnceLock};

use crate::webdriver::Browser;

const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";

/// The script, if `make browser-test` could get it.
fn axe() -> Option<&'static str> {
    static SCRIPT: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let path = std::env::var("COBRAND_AXE").ok().filter(|path| !path.is_empty())?;
        Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("COBRAND_AXE={path}: {error}")))
    };
    SCRIPT.get_or_init(read).as_deref()
}

/// Every violation on the page that is shown. It is not run by the page's own leave: the policy that refuses foreign
/// scripts stays as it is.
pub(crate) fn barriers(browser: &Browser<'_>, page: &str) -> Vec<String> {
    let Some(axe) = axe() else {
        eprintln!("SKIPPED: axe-core does not look at {page}: COBRAND_AXE names none");
        return Vec::new();
    };
    let found = browser.script(&format!(
        "{axe}
         return axe.run(document, {{ runOnly: {RULES}, resultTypes: ['violations'] }}).then(result =>
             result.violations.map(rule => rule.id + ': ' + rule.help + '\\n' + rule.nodes.map(node =>
                 '    ' + node.target.join(' ') + '\\n      ' + node.failureSummary).join('\\n')));"
    ));
    let texts = found.as_array().unwrap().iter().filter_map(|text| text.as_str());
    texts.map(|text| format!("{page}: {text}")).collect()
}
