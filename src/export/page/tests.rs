use super::{page_html, page_markdown};
use crate::tui::sample;

#[test]
fn a_page_holds_findings_methods_and_what_to_type() {
    let report = sample::report();
    let page = page_markdown(&report);
    for part in [
        "## Findings",
        "## Methods",
        "## Results",
        "## Trust",
        "## To make it again",
        "## References",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    let permutations = &report.provenance.settings["permutations"];
    assert!(page.contains(&format!("{permutations} permutations of the speakers")));
    let components = report.table(None, "components").unwrap();
    let share = components.column("explained_variance_ratio").unwrap();
    let first = share.estimate_at(0).unwrap();
    let words = [first.value, first.lo, first.hi].map(|v| crate::plot::significant(v, 3));
    let cell = format!("{} \\[{}, {}\\]", words[0], words[1], words[2]);
    assert!(page.contains(&cell), "no {cell} in\n{page}");
    assert_eq!(page, page_markdown(&report));
}

#[test]
fn names_from_outside_are_no_markup() {
    let mut report = sample::report();
    report.title = "a|b <script>alert(1)</script> *x*\n# y".into();
    report.summary = vec!["`rm` [link](x) & so on".into()];
    let page = page_markdown(&report);
    assert!(page.starts_with("# a\\|b \\<script\\>"));
    assert!(!page.contains("\n# y"));
    assert!(page.contains("\\`rm\\` \\[link\\](x)"));
    let html = page_html(&report);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
    assert!(html.contains("&amp; so on"));
}

#[test]
fn the_html_page_carries_its_figure_and_fetches_nothing() {
    let html = page_html(&sample::report());
    assert_eq!(
        html.matches("<svg").count(),
        html.matches("</figure>").count()
    );
    assert!(html.contains("<figcaption>scree"), "{html}");
    assert_eq!(html.matches("<?xml").count(), 0);
    for fetched in ["src=", "href=", "@import", "url("] {
        assert!(!html.contains(fetched), "{fetched}");
    }
    assert_eq!(
        html.matches("<table>").count(),
        html.matches("</table>").count()
    );
}

#[test]
fn a_report_without_tables_is_a_page_too() {
    let mut report = sample::report();
    report.tables.clear();
    report.warnings.clear();
    report.provenance.model = None;
    assert!(page_markdown(&report).contains("## Methods"));
    assert!(!page_html(&report).contains("<svg"));
}
