// A remark for the user about a document.
#pragma once

#include <string>

namespace lxvirt::xml {

// Says that something in the document is left out of what is stored, or has no effect; also used
// for faults.
struct Notice {
    std::string file;
    int line = 0;
    std::string text;  // "<cpu> is not supported by lxvirt and was left out"
    // The same as a clause without the object's name, where many documents have this notice alike.
    std::string general;
    [[nodiscard]] std::string message() const;  // "FILE:LINE: TEXT"
};

}  // namespace lxvirt::xml
