//! An organisation's logo and colour on pages.

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use idp_server::config::Config;

use crate::pages::header_of;
use crate::support::site::{Browser, Page, Site};

/// A picture that would do a lot if it were let.
const LOGO: &str = "<?xml version=\"1.0\"?>\n<!-- x --><svg xmlns=\"http://www.w3.org/2000/svg\" \
    onload=\"alert(1)\"><script>alert(2)</script><style>*{fill:red}</style></svg>";

async fn branded(logo: &Path, accent: &str) -> Site {
    let text = format!("[pages]\nlogo = {logo:?}\naccent = \"{accent}\"\n");
    let pages = Config::parse(Path::new("twolatch.toml"), &format!("{MINIMAL}{text}")).unwrap().pages;
    Site::with(|config: &mut Config| config.pages = pages).await
}

const MINIMAL: &str = "issuer = \"http://localhost:1\"\nlisten = \"127.0.0.1:1\"\nkeys = \"keys\"\n\
    database_url = \"sqlite://twolatch.db\"\n";

/// The address in the page that begins so.
fn address(page: &Page, start: &str) -> String {
    page.body.split('"').find(|text| text.starts_with(start)).unwrap_or_else(|| panic!("{page:?}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn logo_and_colour_are_on_every_page_and_the_logo_can_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo");
    fs::write(&file, LOGO).unwrap();
    let site = branded(&file, "#ffcc00").await;
    let mut browser = Browser::default();
    for to in ["/login", "/nothing"] {
        let page = site.get(&mut browser, to).await;
        assert!(page.body.contains("alt=\"Example &#60;b&#62;Org&#60;/b&#62;\"></a>"), "{page:?}");
        let logo = site.get(&mut browser, &address(&page, "/static/logo?v=")).await;
        assert_eq!((logo.status, logo.body.as_str()), (StatusCode::OK, LOGO));
        assert_eq!(header_of(&logo, "content-type"), "image/svg+xml");
        assert_eq!(header_of(&logo, "x-content-type-options"), "nosniff");
        let policy = header_of(&logo, "content-security-policy");
        assert!(policy.starts_with("sandbox; default-src 'none'; style-src 'unsafe-inline';"), "{policy}");
        assert!(header_of(&logo, "cache-control").contains("immutable"));
        let accent = site.get(&mut browser, &address(&page, "/static/accent.css?v=")).await;
        assert_eq!(header_of(&accent, "content-type"), "text/css; charset=utf-8");
        assert!(header_of(&accent, "cache-control").contains("immutable"));
        assert!(accent.body.contains("--button: #ffcc00;"), "{accent:?}");
        for known in [&logo, &accent] {
            let mut again = browser.request(Method::GET, "/static/logo", Body::empty());
            again.headers_mut().insert(header::IF_NONE_MATCH, known.headers[header::ETAG].clone());
            let same = site.send(again).await.status == StatusCode::NOT_MODIFIED;
            assert_eq!(same, known.body == LOGO, "only a logo is known by the tag of a logo");
        }
    }
    let before = address(&site.get(&mut browser, "/login").await, "/static/logo?v=");
    fs::write(&file, LOGO.replace("red", "blue")).unwrap();
    let site = branded(&file, "#ffcc00").await;
    assert_ne!(
        address(&site.get(&mut browser, "/login").await, "/static/logo?v="),
        before,
        "another logo, another address"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_them_there_is_nothing_to_load() {
    let site = Site::new().await;
    let page = site.get(&mut Browser::default(), "/login").await;
    assert!(!page.body.contains("/static/logo") && !page.body.contains("/static/accent"), "{page:?}");
    for to in ["/static/logo", "/static/accent.css"] {
        assert_eq!(site.get(&mut Browser::default(), to).await.status, StatusCode::NOT_FOUND, "{to}");
    }
}
