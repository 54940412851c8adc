//! A subscriber of `tracing` that keeps what it is told.

use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    /// In the order in which they began.
    pub(super) number: usize,
    pub(super) name: &'static str,
    pub(super) parent: Option<usize>,
    pub(super) fields: BTreeMap<String, String>,
    /// What was said within it, but not within one within it.
    pub(super) events: Vec<String>,
    pub(super) is_closed: bool,
}

/// One for all tests of the process, since the servers' threads are not told apart.
#[derive(Clone, Default)]
pub(super) struct Collector(Arc<Mutex<Vec<Span>>>);

/// At a span: where it is in the list.
struct Number(usize);

impl Collector {
    pub(super) fn install() -> &'static Self {
        static COLLECTOR: OnceLock<Collector> = OnceLock::new();
        COLLECTOR.get_or_init(|| {
            let collector = Collector::default();
            let subscriber = tracing_subscriber::registry().with(collector.clone());
            tracing::subscriber::set_global_default(subscriber).expect("nobody else installs one");
            collector
        })
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.0.lock().clone()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let span = context.span(id).expect("it is new");
        let number = |it: &Number| it.0;
        let parent = span.parent().and_then(|it| it.extensions().get::<Number>().map(number));
        let mut spans = self.0.lock();
        span.extensions_mut().insert(Number(spans.len()));
        let mut new = Span { number: spans.len(), name: span.name(), parent, ..Span::default() };
        attributes.record(&mut Fields(&mut new.fields));
        spans.push(new);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("it isn't closed");
        if let Some(Number(number)) = span.extensions().get() {
            values.record(&mut Fields(&mut self.0.lock()[*number].fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        if let Some(Number(number)) = span.extensions().get() {
            let mut fields = BTreeMap::new();
            event.record(&mut Fields(&mut fields));
            self.0.lock()[*number].events.push(fields.remove("message").unwrap_or_default());
        }
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        let span = context.span(&id).expect("it is being closed");
        if let Some(Number(number)) = span.extensions().get() {
            self.0.lock()[*number].is_closed = true;
        }
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
}
