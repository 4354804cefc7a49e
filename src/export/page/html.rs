//! Blocks as HTML: one file, no scripts, nothing to fetch, fit to print.

use std::fmt::Write as _;

use super::Block;
use crate::plot::escape;

const STYLE: &str = "body{font:16px/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}\
table{border-collapse:collapse;font:14px/1.4 Helvetica,Arial,sans-serif;margin:.5rem 0}\
caption{text-align:left;font-weight:bold;padding:.3rem 0}\
th,td{padding:.15rem .6rem;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}\
th{border-bottom:1px solid #1a1a1a}code,pre{font:13px/1.4 monospace}pre{white-space:pre-wrap;background:#f4f4f4;padding:.6rem}\
td{overflow-wrap:anywhere}figure{margin:1rem 0}figcaption,.remark{font-size:.9rem;color:#555}svg{max-width:100%;height:auto}";

pub(super) fn render(title: &str, page: &[Block]) -> String {
    let title = escape(title);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for block in page {
        let _ = match block {
            Block::Heading(words) => writeln!(text, "<h2>{}</h2>", escape(words)),
            Block::Paragraph(words) => writeln!(text, "<p>{}</p>", escape(words)),
            Block::Code(words) => writeln!(text, "<pre>{}</pre>", escape(words)),
            Block::List(items) => {
                text.push_str("<ul>\n");
                for item in items {
                    let _ = writeln!(text, "<li>{}</li>", escape(item));
                }
                writeln!(text, "</ul>")
            }
            Block::Table {
                title,
                heads,
                rows,
                remark,
            } => {
                let _ = writeln!(text, "<table>\n<caption>{}</caption>", escape(title));
                row(&mut text, "th", heads);
                rows.iter().for_each(|cells| row(&mut text, "td", cells));
                text.push_str("</table>\n");
                match remark.as_str() {
                    "" => Ok(()),
                    remark => writeln!(text, "<p class=\"remark\">{}</p>", escape(remark)),
                }
            }
            Block::Figure { svg, caption } => {
                let drawing = svg.find("<svg").map_or("", |at| &svg[at..]);
                let caption = escape(caption);
                writeln!(
                    text,
                    "<figure>\n{drawing}<figcaption>{caption}</figcaption>\n</figure>"
                )
            }
        };
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn row(text: &mut String, cell: &str, cells: &[String]) {
    text.push_str("<tr>");
    for words in cells {
        let _ = write!(text, "<{cell}>{}</{cell}>", escape(words));
    }
    text.push_str("</tr>\n");
}
