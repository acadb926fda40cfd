// Buckets that keep their promise of a sixteenth, and text that Prometheus reads.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "introspection/metrics/exposition.hpp"

namespace holdfast::introspection {
namespace {

BOOST_AUTO_TEST_CASE(every_value_falls_into_a_bucket_that_ends_at_most_a_sixteenth_above) {
  std::uint64_t previous = 0;
  for (std::uint64_t us = 0; us < (1ull << 36); us += 1 + us / 50) {
    auto bucket = bucket_of(us);
    BOOST_REQUIRE(bucket < histogram_buckets);
    BOOST_REQUIRE(bucket >= previous);
    BOOST_REQUIRE(bucket_end_us(bucket) >= us);
    BOOST_REQUIRE(bucket_end_us(bucket) <= us + us / 16);
    if (bucket > 0) BOOST_REQUIRE(bucket_end_us(bucket - 1) < us);
    previous = bucket;
  }
  BOOST_TEST(bucket_of(~0ull) == histogram_buckets - 1);
}

BOOST_AUTO_TEST_CASE(quantiles) {
  histogram h;
  BOOST_TEST(h.read().quantile_us(0.5) == 0u);
  for (std::uint64_t us = 1; us <= 1000; ++us) h.record_us(us);
  auto r = h.read();
  BOOST_TEST(r.count == 1000u);
  BOOST_TEST(r.quantile_us(0.5) >= 500u);
  BOOST_TEST(r.quantile_us(0.5) <= 532u);
  BOOST_TEST(r.quantile_us(0.99) >= 990u);
  BOOST_TEST(r.quantile_us(1) >= 1000u);
  h.record(std::chrono::microseconds(-5));
  BOOST_TEST(h.read().since(r).count == 1u);
  BOOST_TEST(h.read().since(r).quantile_us(1) == 0u);
  BOOST_TEST((r += r).count == 2000u);
}

BOOST_AUTO_TEST_CASE(prometheus_text) {
  exposition page;
  page.counter("holdfast_link_frames_total", "Frames received.", 7, {{"class", "agreement"}});
  page.counter("holdfast_link_frames_total", "Frames received.", 3, {{"class", "agreement"}});
  page.counter("holdfast_link_frames_total", "Frames received.", 1, {{"class", "a\"b\\c\nd"}});
  page.gauge("holdfast_storage_free_bytes", "Free space.", -1);
  histogram h;
  h.record_us(100);
  h.record_us(600);
  page.latency("holdfast_ring_update_us", "Time of an update.", h.read());
  BOOST_TEST(page.text() == R"(# HELP holdfast_link_frames_total Frames received.
# TYPE holdfast_link_frames_total counter
holdfast_link_frames_total{class="a\"b\\c\nd"} 1
holdfast_link_frames_total{class="agreement"} 3
# HELP holdfast_ring_update_seconds Time of an update.
# TYPE holdfast_ring_update_seconds histogram
holdfast_ring_update_seconds_bucket{le="0.000128"} 1
holdfast_ring_update_seconds_bucket{le="0.000512"} 1
holdfast_ring_update_seconds_bucket{le="0.002048"} 2
holdfast_ring_update_seconds_bucket{le="0.008192"} 2
holdfast_ring_update_seconds_bucket{le="0.032768"} 2
holdfast_ring_update_seconds_bucket{le="0.131072"} 2
holdfast_ring_update_seconds_bucket{le="0.524288"} 2
holdfast_ring_update_seconds_bucket{le="2.097152"} 2
holdfast_ring_update_seconds_bucket{le="8.388608"} 2
holdfast_ring_update_seconds_bucket{le="33.554432"} 2
holdfast_ring_update_seconds_bucket{le="+Inf"} 2
holdfast_ring_update_seconds_sum 0.000700
holdfast_ring_update_seconds_count 2
# HELP holdfast_storage_free_bytes Free space.
# TYPE holdfast_storage_free_bytes gauge
holdfast_storage_free_bytes -1
)");
}

BOOST_AUTO_TEST_CASE(names_keep_to_the_form) {
  exposition page;
  for (auto* bad : {"frames_total", "holdfast_x_total_", "holdfast_Link_frames_total", "holdfast_link_frames", "holdfast__x_total"}) {
    BOOST_CHECK_THROW(page.counter(bad, "", 1), std::invalid_argument);
  }
  BOOST_CHECK_THROW(page.latency("holdfast_ring_update_ms", "", {}), std::invalid_argument);
  BOOST_CHECK_THROW(page.gauge("holdfast_ring_update_us", "", 1), std::invalid_argument);
  page.gauge("holdfast_ring_update_seconds", "", 1);
  BOOST_CHECK_THROW(page.latency("holdfast_ring_update_us", "", {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(series_are_bounded) {
  exposition page;
  for (std::size_t i = 0; i < exposition::series_max + 10; ++i) {
    page.counter("holdfast_link_peers_total", "", 1, {{"peer", std::to_string(i)}});
  }
  auto text = page.text();
  BOOST_TEST(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == exposition::series_max + 2);
}

}  // namespace
}  // namespace holdfast::introspection
