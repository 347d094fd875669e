// A file system of a hostile container: `silent_fuse FOLDER` mounts a FUSE on FOLDER, answers what
// the kernel asks of its root, and takes every other request without ever answering it. Whoever
// looks something up below FOLDER waits in the kernel, where not even SIGKILL ends the wait.
// Static, for any root file system.
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

void answer(int fuse, const fuse_in_header& request, void* body, std::size_t size) {
    fuse_out_header head{};
    head.len = static_cast<std::uint32_t>(sizeof head + size);
    head.unique = request.unique;
    const iovec parts[] = {{&head, sizeof head}, {body, size}};
    (void)!::writev(fuse, parts, 2);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const int fuse = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
    const std::string options =
        "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    if (fuse < 0 ||
        ::mount("silent", argv[1], "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
        std::perror("mount");
        return 1;
    }
    std::puts("mounted");
    (void)std::fflush(stdout);
    std::vector<char> buffer(1U << 20);
    for (;;) {
        if (::read(fuse, buffer.data(), buffer.size()) <
            static_cast<ssize_t>(sizeof(fuse_in_header)))
            continue;
        fuse_in_header request{};
        std::memcpy(&request, buffer.data(), sizeof request);
        if (request.opcode == FUSE_INIT) {
            fuse_init_out init{};
            init.major = FUSE_KERNEL_VERSION;
            init.minor = FUSE_KERNEL_MINOR_VERSION;
            init.max_write = 4096;
            answer(fuse, request, &init, sizeof init);
        } else if (request.opcode == FUSE_GETATTR && request.nodeid == FUSE_ROOT_ID) {
            fuse_attr_out attributes{};
            attributes.attr.ino = FUSE_ROOT_ID;
            attributes.attr.mode = S_IFDIR | 0755;
            attributes.attr.nlink = 2;
            attributes.attr_valid = 3600;
            answer(fuse, request, &attributes, sizeof attributes);
        }
    }
}
