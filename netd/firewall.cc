#include "netd/firewall.hh"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"

namespace lxvirt::netd {

namespace {

// Finds functions of libnftables. Only the child loads it: the library brings five others along,
// which would cost lxnetd's start some milliseconds, and more memory than everything else in it.
class Library {
  public:
    Library() : handle_(::dlopen("libnftables.so.1", RTLD_NOW)) {}
    template <typename Function>
    [[nodiscard]] Function* find(const char* name) const {
        return handle_ != nullptr ? reinterpret_cast<Function*>(::dlsym(handle_, name)) : nullptr;
    }

  private:
    void* handle_;  // stays open until the child ends
};

// Runs in the child: applies `text` and returns nft's message, empty on success.
std::string apply(const std::string& text) {
    const Library library;
    auto* const make = library.find<decltype(nft_ctx_new)>("nft_ctx_new");
    auto* const buffer = library.find<decltype(nft_ctx_buffer_error)>("nft_ctx_buffer_error");
    auto* const run = library.find<decltype(nft_run_cmd_from_buffer)>("nft_run_cmd_from_buffer");
    auto* const error =
        library.find<decltype(nft_ctx_get_error_buffer)>("nft_ctx_get_error_buffer");
    if (make == nullptr || buffer == nullptr || run == nullptr || error == nullptr)
        return "the rules need libnftables.so.1 (Debian: libnftables1), which cannot be loaded";
    nft_ctx* const context = make(NFT_CTX_DEFAULT);
    if (context == nullptr) return "nftables cannot be used";
    (void)buffer(context);
    if (run(context, text.c_str()) == 0) return {};
    std::string words = error(context);
    return words.empty() ? "nftables gave no reason" : words;
}

}  // namespace

RulesetJob::RulesetJob(const std::string& text) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) base::fail_errno("make a pipe");
    report_.reset(ends[0]);
    base::UniqueFd failure(ends[1]);
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    // The child shares nothing with this process; libnftables may allocate and open files there as
    // it likes.
    const pid_t pid = base::clone3(args);
    if (pid < 0) base::fail_with(-pid, "make a process for nftables");
    if (pid == 0) {
        base::begin_test_program("lxnetd_rules");
        const std::string words = apply(text);
        // The first byte tells a result without a message from a child that died.
        const std::string result = "r" + words;
        (void)!::write(failure.get(), result.data(), result.size());
        failure.reset();
        ::_exit(0);
    }
    process_.reset(pidfd);
    base::test_point("rules-sent");
}

RulesetJob::~RulesetJob() {
    try {
        if (process_) (void)base::reap(process_, true);
    } catch (const base::Exception&) {
        // The child is gone already.
    }
}

base::UniqueFd RulesetJob::finish() {
    const std::string result = base::read_all(report_, "answer of nftables");
    base::test_point("rules-made");
    if (result == "r") return std::move(process_);
    const auto end = base::reap(process_, true);
    // An empty result means that the child died before it could write.
    process_.reset();
    base::fail(base::ErrorCode::operation_failed, "nftables: {}",
               result.empty() && end ? end->text()
                                     : result.substr(std::min<std::size_t>(1, result.size())));
}

TableWatch::TableWatch(std::string table)
    : table_(std::move(table)),
      socket_(base::listen_netlink(NETLINK_NETFILTER, NFNLGRP_NFTABLES)) {}

bool TableWatch::damaged() {
    const auto take = [this](const nlmsghdr* header) {
        if (NFNL_SUBSYS_ID(header->nlmsg_type) != NFNL_SUBSYS_NFTABLES) return;
        const auto* family = static_cast<const nfgenmsg*>(NLMSG_DATA(header));
        // The table is in the family inet; other families have tables of the same names.
        if (family->nfgen_family != NFPROTO_INET) return;
        const int type = NFNL_MSG_TYPE(header->nlmsg_type);
        const bool made = type == NFT_MSG_NEWTABLE;
        if (!made && type != NFT_MSG_DELTABLE && type != NFT_MSG_DELCHAIN &&
            type != NFT_MSG_DELRULE)
            return;
        // NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and NFTA_RULE_TABLE are all the first attribute, with
        // the same number.
        const auto* name = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(family) +
                                                           NLMSG_ALIGN(sizeof *family));
        if ((name->nla_type & NLA_TYPE_MASK) != NFTA_TABLE_NAME) return;
        const auto* text = reinterpret_cast<const char*>(name) + NLA_HDRLEN;
        if (std::string_view(text, ::strnlen(text, name->nla_len - NLA_HDRLEN)) == table_)
            damaged_ = !made;
    };
    // If notifications were lost, nobody knows what happened; making the rules anew does no harm.
    if (!base::read_netlink(socket_, take)) damaged_ = true;
    return std::exchange(damaged_, false);
}

}  // namespace lxvirt::netd
