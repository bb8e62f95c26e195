// +--------+------------------+-----------------+---------------------------+
// | MSCF   | CFFOLDER ...     | CFFILE ...      | CFDATA ...                |
// | header | how to decompress| name, size,     | checksum, sizes, up to    |
// |        |                  | place in folder | 32 KiB of a folder each   |
// +--------+------------------+-----------------+---------------------------+
//
// libmspack reads and writes through the callbacks below, which know one input
// (the cabinet) and one output (a bounded buffer), whatever name it asks for.
#include "formats/cabinet.h"

#include <mspack.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace countersign::formats {
namespace {

using base::Fault;

// Limit: members of one cabinet. Trust lists come alone in theirs.
constexpr size_t kMaxMembers = 256;

// The base comes first, so that the library's pointers are ours.
struct MemorySystem : mspack_system {
  base::Bytes input;
  std::vector<uint8_t>* output = nullptr;
  uint64_t output_limit = 0;  // bytes
};

struct MemoryFile : mspack_file {
  base::Bytes input;
  std::vector<uint8_t>* output = nullptr;  // null: reads the input
  uint64_t output_limit = 0;
  uint64_t position = 0;
};

mspack_file* Open(mspack_system* self, const char* /*name*/, int mode) {
  const auto* system = static_cast<MemorySystem*>(self);
  auto file = std::make_unique<MemoryFile>();
  if (mode == MSPACK_SYS_OPEN_READ) {
    file->input = system->input;
  } else if (mode == MSPACK_SYS_OPEN_WRITE && system->output != nullptr) {
    file->output = system->output;
    file->output_limit = system->output_limit;
  } else {
    return nullptr;
  }
  return file.release();
}

void Close(mspack_file* file) {
  std::unique_ptr<MemoryFile>(static_cast<MemoryFile*>(file)).reset();
}

int Read(mspack_file* handle, void* buffer, int size) {
  auto* file = static_cast<MemoryFile*>(handle);
  if (file->output != nullptr || size < 0) {
    return -1;
  }
  const uint64_t left = file->input.size() - file->position;
  const size_t taken = std::min(static_cast<uint64_t>(size), left);
  if (taken > 0) {
    std::memcpy(buffer, file->input.data() + file->position, taken);
  }
  file->position += taken;
  return static_cast<int>(taken);
}

int Write(mspack_file* handle, void* buffer, int size) {
  auto* file = static_cast<MemoryFile*>(handle);
  if (file->output == nullptr || size < 0 ||
      static_cast<uint64_t>(size) > file->output_limit - file->position) {
    return -1;
  }
  const auto* bytes = static_cast<const uint8_t*>(buffer);
  file->output->insert(file->output->end(), bytes, bytes + size);
  file->position += static_cast<uint64_t>(size);
  return size;
}

int Seek(mspack_file* handle, off_t offset, int mode) {
  auto* file = static_cast<MemoryFile*>(handle);
  const auto size = static_cast<int64_t>(file->input.size());
  const auto here = static_cast<int64_t>(file->position);
  const int64_t start = mode == MSPACK_SYS_SEEK_START ? 0
                        : mode == MSPACK_SYS_SEEK_CUR ? here
                                                      : size;
  if (file->output != nullptr || offset < -start || offset > size - start) {
    return -1;
  }
  file->position = static_cast<uint64_t>(start + offset);
  return 0;
}

off_t Tell(mspack_file* handle) {
  return static_cast<off_t>(static_cast<MemoryFile*>(handle)->position);
}

void Ignore(mspack_file* /*file*/, const char* /*format*/, ...) {}

void* Allocate(mspack_system* /*self*/, size_t size) {
  return ::operator new(size, std::nothrow);
}

void Release(void* memory) { ::operator delete(memory); }

void Copy(void* from, void* to, size_t size) { std::memcpy(to, from, size); }

// What a failed call of the library means.
Fault FaultOf(int error) {
  switch (error) {
    case MSPACK_ERR_READ:
    case MSPACK_ERR_SEEK:
      return Fault::kTruncated;
    case MSPACK_ERR_WRITE:
    case MSPACK_ERR_NOMEMORY:
      return Fault::kLimit;
    default:
      return Fault::kMalformed;
  }
}

// The library's decompressor over one cabinet in memory.
class Cabinet {
 public:
  explicit Cabinet(base::Bytes input) {
    system_.open = Open;
    system_.close = Close;
    system_.read = Read;
    system_.write = Write;
    system_.seek = Seek;
    system_.tell = Tell;
    system_.message = Ignore;
    system_.alloc = Allocate;
    system_.free = Release;
    system_.copy = Copy;
    system_.null_ptr = nullptr;
    system_.input = input;
    library_ = mspack_create_cab_decompressor(&system_);
    if (library_ != nullptr) {
      cabinet_ = library_->open(library_, "cabinet");
    }
  }
  Cabinet(const Cabinet&) = delete;
  Cabinet& operator=(const Cabinet&) = delete;
  ~Cabinet() {
    if (cabinet_ != nullptr) {
      library_->close(library_, cabinet_);
    }
    if (library_ != nullptr) {
      mspack_destroy_cab_decompressor(library_);
    }
  }

  [[nodiscard]] int LastError() const {
    return library_ != nullptr ? library_->last_error(library_)
                               : MSPACK_ERR_NOMEMORY;
  }
  // Null when the cabinet cannot be read.
  [[nodiscard]] const mscabd_cabinet* Header() const { return cabinet_; }

  // Zero, or the library's error.
  int Extract(mscabd_file* file, std::vector<uint8_t>& bytes, uint64_t limit) {
    system_.output = &bytes;
    system_.output_limit = limit;
    const int error = library_->extract(library_, file, "member");
    system_.output = nullptr;
    return error;
  }

 private:
  MemorySystem system_{};
  mscab_decompressor* library_ = nullptr;
  mscabd_cabinet* cabinet_ = nullptr;
};

}  // namespace

bool IsCabinet(base::Bytes file) {
  return base::AsText(file).starts_with("MSCF");
}

base::Result<std::vector<CabinetMember>> UnpackCabinet(base::Input cabinet,
                                                       uint64_t max_bytes) {
  int wrong_abi = MSPACK_ERR_OK;
  MSPACK_SYS_SELFTEST(wrong_abi);
  CS_CHECK(wrong_abi == MSPACK_ERR_OK);

  Cabinet opened(cabinet.bytes);
  if (opened.Header() == nullptr) {
    return base::Fail(FaultOf(opened.LastError()), cabinet.offset, "CFHEADER");
  }
  std::vector<CabinetMember> members;
  uint64_t left = max_bytes;
  for (mscabd_file* file = opened.Header()->files; file != nullptr;
       file = file->next) {
    if (members.size() >= kMaxMembers || file->length > left) {
      return base::Fail(Fault::kLimit, cabinet.offset, "CFFILE");
    }
    CabinetMember& member = members.emplace_back();
    member.name = file->filename;
    if (const int error = opened.Extract(file, member.bytes, left);
        error != MSPACK_ERR_OK) {
      return base::Fail(FaultOf(error), cabinet.offset, "CFDATA");
    }
    left -= member.bytes.size();
  }
  return members;
}

}  // namespace countersign::formats
