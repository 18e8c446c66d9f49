package app

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/signin"
)

// Metrics serves the operator: /healthz, /readyz and /metrics on a listener of
// their own.
type Metrics struct {
	app       *App
	draining  atomic.Bool
	readiness *readiness
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
	mails     *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	budgets   *prometheus.CounterVec
	conns     *prometheus.CounterVec
	stored    prometheus.Gauge
	alarmed   atomic.Int64 // Unix seconds of the last alarm in the log
	walls     *prometheus.GaugeVec
	leaked    prometheus.Counter
	unread    atomic.Int64 // Unix seconds of the last failed lookup in the log
}

func newMetrics(a *App) *Metrics {
	m := &Metrics{
		app: a, registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "olid_http_request_seconds", Help: "How long requests took, by route, method and status.",
			Buckets: []float64{.001, .005, .025, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "method", "status"}),
		mails:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "olid_mail_attempts_total", Help: "Attempts to send mail, by kind and outcome."}, []string{"kind", "outcome"}),
		budgets: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "olid_budget_exceeded_total", Help: "What was over a budget of strangers, by budget and who shares it."}, []string{"budget", "per"}),
		conns:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "olid_connections_closed_total", Help: "Connections that made place for others or were refused, by listener and reason (network, all, refused)."}, []string{"listener", "reason"}),
		stored:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "olid_strangers_bytes", Help: "Bytes in the database for people without an account: documents of drafts and mails."}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "olid_refusals_total", Help: "Refused passwords and codes of holders and officials, and refused clients, by realm and reason.",
		}, []string{"realm", "reason"}),
		leaked: prometheus.NewCounter(prometheus.CounterOpts{Name: "olid_leaked_lookup_errors_total", Help: "Passwords that could not be looked up in the list of leaked ones."}),
		walls:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "olid_document_wall", Help: "Whether the process that opens documents has a wall, by wall."}, []string{"wall"}),
	}
	build := BuildInfo()
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "olid_build_info", Help: "What the server was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "goversion": build.Go},
	}, func() float64 { return 1 }))
	m.registry.MustRegister(m.requests, m.mails, m.refusals, m.budgets, m.conns, m.stored, m.walls, m.leaked, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &storeCollector{a})
	return m
}

// Drain makes /readyz report that the server is stopping.
func (m *Metrics) Drain() { m.draining.Store(true) }

func (m *Metrics) request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// exceeded counts what is over a budget. If all sources together, or a whole domain,
// are over one, it logs an alarm, at most once a minute.
func (m *Metrics) exceeded(b limit.Budget) {
	m.budgets.WithLabelValues(b.Name, string(b.Per)).Inc()
	now, last := m.app.Now().Unix(), m.alarmed.Load()
	if (b.Per == limit.Everybody || b.Name == limit.DomainMails.Name) && now-last >= 60 && m.alarmed.CompareAndSwap(last, now) {
		m.app.Log.Warn("alarm: strangers exceed a budget", "budget", b.Name, "unit", b.Unit, "most", b.Most, "window", b.Window.String())
	}
}

// leakedFailed counts a password that could not be looked up in the list of leaked
// ones, and logs that at most once a minute.
func (m *Metrics) leakedFailed(err error) {
	m.leaked.Inc()
	now, last := m.app.Now().Unix(), m.unread.Load()
	if now-last >= 60 && m.unread.CompareAndSwap(last, now) {
		m.app.Log.Error("the list of leaked passwords cannot be read; passwords are chosen without it", "error", err.Error())
	}
}

func (m *Metrics) connection(listener, reason string) {
	m.conns.WithLabelValues(listener, reason).Inc()
}

// connected adds the gauge of a listener's open connections.
func (m *Metrics) connected(listener string, count func() int) {
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "olid_connections", Help: "Open connections, by listener.", ConstLabels: prometheus.Labels{"listener": listener}},
		func() float64 { return float64(count()) })
	if err := m.registry.Register(gauge); err != nil {
		m.app.Log.Error("metric", "listener", listener, "error", err.Error())
	}
}

// strangers records what is stored for people without an account. More than
// limit.StrangersBytes is an alarm in the log.
func (m *Metrics) strangers(bytes int64) {
	m.stored.Set(float64(bytes))
	if bytes > limit.StrangersBytes {
		m.app.Log.Warn("alarm: strangers fill the database", "bytes", bytes, "most", int64(limit.StrangersBytes))
	}
}

func (m *Metrics) mail(kind, outcome string) { m.mails.WithLabelValues(kind, outcome).Inc() }

func (m *Metrics) refused(r realm.Realm, why signin.Reason) {
	m.refusals.WithLabelValues(string(r), string(why)).Inc()
}

func (m *Metrics) clientRefused(why string) { m.refusals.WithLabelValues("client", why).Inc() }

// Handler returns the handler of the operator's listener.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { report(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", m.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// ready reports whether the stores can be written and the vital jobs succeed. A
// fault names the store and a reason without addresses; the log has the error.
func (m *Metrics) ready(w http.ResponseWriter, r *http.Request) {
	if m.draining.Load() {
		report(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	for _, j := range m.app.Jobs {
		if j.late(m.app.Now()) {
			m.app.Log.Warn("not ready", "job", j.Name)
			report(w, http.StatusServiceUnavailable, "a job that the server depends on fails")
			return
		}
	}
	if faults := m.readiness.faults(r.Context()); len(faults) > 0 {
		report(w, http.StatusServiceUnavailable, "not ready", faults...)
		return
	}
	report(w, http.StatusOK, "ready")
}

func report(w http.ResponseWriter, status int, text string, faults ...fault) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Status string  `json:"status"`
		Faults []fault `json:"faults,omitempty"`
	}{text, faults})
}

// storeCollector reads the stores for each request for metrics.
type storeCollector struct{ app *App }

var (
	storeUp     = prometheus.NewDesc("olid_store_up", "Whether a store can be written.", []string{"store"}, nil)
	jobSuccess  = prometheus.NewDesc("olid_job_last_success_timestamp_seconds", "When a job last ran without an error.", []string{"job"}, nil)
	jobFailures = prometheus.NewDesc("olid_job_failures_total", "Runs of a job that ended in an error.", []string{"job"}, nil)
	unchained   = prometheus.NewDesc("olid_audit_unchained_seconds", "How long the oldest event of the audit log has waited for its place in the chain.", nil, nil)
	mailWaiting = prometheus.NewDesc("olid_mail_waiting", "Messages in the outbox.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *storeCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- storeUp
	ch <- mailWaiting
	ch <- unchained
	ch <- jobSuccess
	ch <- jobFailures
}

// Collect implements prometheus.Collector.
func (s *storeCollector) Collect(ch chan<- prometheus.Metric) {
	for _, j := range s.app.Jobs {
		success, failures := j.state()
		ch <- prometheus.MustNewConstMetric(jobSuccess, prometheus.GaugeValue, float64(success.UnixMilli())/1000, j.Name)
		ch <- prometheus.MustNewConstMetric(jobFailures, prometheus.CounterValue, float64(failures), j.Name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	faults := s.app.Metrics.readiness.faults(ctx)
	for _, p := range s.app.Metrics.readiness.probes {
		up := 1.0
		if slices.ContainsFunc(faults, func(f fault) bool { return f.Store == p.store }) {
			up = 0
		}
		ch <- prometheus.MustNewConstMetric(storeUp, prometheus.GaugeValue, up, p.store)
	}
	if w, err := s.app.Stores.DB.Heads().Waiting(ctx); err == nil {
		ch <- prometheus.MustNewConstMetric(unchained, prometheus.GaugeValue, w.Age(s.app.Now()).Seconds())
	}
	if n, err := s.app.Stores.DB.Outbox().Waiting(ctx); err == nil {
		ch <- prometheus.MustNewConstMetric(mailWaiting, prometheus.GaugeValue, float64(n))
	}
}
