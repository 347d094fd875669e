// Lets the user change a text in an editor: $VISUAL, $EDITOR or vi, on a temporary file of ours.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::shell {

// A file in $TMPDIR that only the user can read; removed at its end.
class EditedFile {
  public:
    explicit EditedFile(std::string_view text);
    ~EditedFile();
    EditedFile(const EditedFile&) = delete;
    EditedFile& operator=(const EditedFile&) = delete;

    // Runs the editor and waits. Throws Failure when it cannot be run or ends with anything but 0,
    // and where no editor is named and there is no terminal for vi.
    void edit() const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace lxvirt::shell
