// Lets the user edit a stored definition again and again until the driver accepts it or the user
// gives up, for `edit` and `net-edit`. Questions and answers are virsh's.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace lxvirt::shell {

class Session;

// What defining the edited text gave: the name of the object, which the text may have changed, and
// notices for the user.
struct EditResult {
    std::string name;
    std::vector<std::string> notices;
};

// The object to edit. The functions may throw base::Exception; that of `define` leads to the
// question whether to try again.
struct EditSubject {
    std::function<std::string(const std::string& name)> title;  // returns "Domain 'web'"
    std::string name;
    std::function<std::string()> load;  // returns the stored XML
    std::function<EditResult(const std::string& text, bool validate)> define;
};

// Returns true if the definition was stored or left unchanged, and false if the user gave up or
// there is no terminal on which to ask. With `validate` the text is checked against the schema
// until the user answers 'i'. Throws Failure if no editor can be run.
bool edit_definition(Session& session, const EditSubject& subject, bool validate);

}  // namespace lxvirt::shell
