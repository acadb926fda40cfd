#include "tools/progress/progress_meter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "tools/manifest/values.hpp"

namespace holdfast::tools {

namespace {

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

std::string clock_time(double s) {
  if (s > 359'999) return "days";
  auto whole = static_cast<int>(std::ceil(s));
  std::array<char, 16> text{};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%d:%02d", whole / 60, whole % 60);
  }
  return text.data();
}

}  // namespace

void progress_meter::update(std::uint64_t done_bytes, instant now) {
  auto passed = seconds(now - last_);
  if (passed <= 0) {
    done_ = std::max(done_, done_bytes);
    return;
  }
  auto current = static_cast<double>(done_bytes - std::min(done_, done_bytes)) / passed;
  auto weight = last_ == start_ ? 1.0 : 1 - std::exp(-passed / 3.0);
  rate_ += weight * (current - rate_);
  done_ = std::max(done_, done_bytes);
  last_ = now;
}

std::string progress_meter::line(std::size_t columns) const {
  auto rate = print_size_roughly(static_cast<std::uint64_t>(rate_)) + "/s";
  if (!total_) return (label_ + "  " + print_size_roughly(done_) + "  " + rate).substr(0, columns);
  auto share = *total_ == 0 ? 1.0 : std::min(1.0, static_cast<double>(done_) / static_cast<double>(*total_));
  auto left = rate_ > 0 ? clock_time(static_cast<double>(*total_ - std::min(done_, *total_)) / rate_) + " left" : "";
  auto percent = std::to_string(static_cast<int>(share * 100)) + "%";
  auto front = label_ + "  " + std::string(4 - percent.size(), ' ') + percent + " ";
  auto back = "  " + rate + "  " + left;
  constexpr std::size_t bar_max = 40, frame = 2;
  if (front.size() + back.size() + frame + 5 > columns) return (front + back).substr(0, columns);
  auto width = std::min(bar_max, columns - front.size() - back.size() - frame);
  auto full = static_cast<std::size_t>(share * static_cast<double>(width));
  auto bar = std::string(full, '=') + (full < width ? ">" + std::string(width - full - 1, ' ') : "");
  return front + "[" + bar + "]" + back;
}

std::string progress_meter::summary(instant now) const {
  auto passed = std::max(seconds(now - start_), 1e-6);
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%.1f s", passed);
  return label_ + "  " + print_size_roughly(done_) + " in " + time.data() + ", " +
         print_size_roughly(static_cast<std::uint64_t>(static_cast<double>(done_) / passed)) + "/s";
}

}  // namespace holdfast::tools
