// Changes the text of a domain's definitions: of the live one, of the stored one, or of both. A
// change of both happens to both or to neither, also if this process is killed in between.
//
// live.xml is written before the stored definition, which decides: the undo record holds the live
// definition as it was and the stored one as it will be. Whoever takes the operation lock next
// compares the stored definition with the record (settle_definitions()) and either has nothing to
// do or puts live.xml back.
#pragma once

#include <functional>
#include <string>

#include "driver/flags.hh"
#include "driver/store/live.hh"
#include "driver/store/root.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Calls `change` with each definition that `flags` mean, and writes the results. The caller holds
// the domain's operation lock and has settled. Throws with both definitions as they were:
// no_domain, operation_invalid if a definition that is asked for does not exist, what `change`
// throws, and errors of writing.
void change_definitions(const Root& root, const std::string& name, Affect flags,
                        const std::function<void(xml::Domain& definition)>& change);

// Finishes or undoes a change that was cut short. Does nothing if `pending` is another operation's
// record.
void settle_definitions(const Root& root, const std::string& name, const Pending& pending);

}  // namespace lxvirt::driver
