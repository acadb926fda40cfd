// What a ring's member tells people of itself: how it does, what it waits for, and what has happened, in sentences.
#pragma once

#include "actors/base/status_board.hpp"
#include "protocols/ring/ring_engine.hpp"

namespace holdfast::actors {

/// Which member of which ring speaks.
struct ring_place {
  const identity::ring_description& ring;
  const std::string& label;  ///< "root", "object"
  std::uint32_t seat = 0;
};

introspection::life standing_of(const agreement::replica& replica);

/// All but what only time tells: since when it is without a primary.
introspection::ring_status report_of(const ring::ring_engine& engine, const ring_place& here);

/// Notes an event of the agreement, if it is one for people.
void report_event(status_board& board, const ring_place& here, const ring::ring_engine& engine, const agreement::event& e);

}  // namespace holdfast::actors
