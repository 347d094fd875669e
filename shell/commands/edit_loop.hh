// A stored definition in an editor, again and again until it is accepted or given up; for `edit`
// and `net-edit`.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace lxvirt::shell {

class Session;

struct EditResult {
    std::string name;
    std::vector<std::string> notices;
};

struct EditSubject {
    std::function<std::string(const std::string& name)> title;  // "Domain 'web'"
    std::string name;
    std::function<std::string()> load;  // the stored XML
    std::function<EditResult(const std::string& text, bool validate)> define;
};

// False where it was given up. With `validate` the first attempts are held against the schema.
bool edit_definition(Session& session, const EditSubject& subject, bool validate);

}  // namespace lxvirt::shell
