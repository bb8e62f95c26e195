// libmspack opens cabinets and extracts files from them. What it gets to read
// here is a cabinet that does not exist, of one folder with one file that is
// all of it, so that a folder is decompressed once, whoever its bytes belong
// to, and nothing is copied:
//
//   0      CFHEADER, CFFOLDER, CFFILE, padding, made here
//   512    CFDATA of the real cabinet, each with a header made here, that
//          has neither a checksum nor a reserve
#include "formats/codec/cab_library.h"

#include <mspack.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

// Why: the library reads a name as 256 bytes and goes back; the first block
// must not look as if it had been reached.
constexpr size_t kMadeHeaderBytes = 512;
constexpr size_t kMadeDataBytes = 8;

using MadeHeader = std::array<uint8_t, kMadeHeaderBytes>;

void PutNumber(std::span<uint8_t> out, size_t offset, uint64_t value,
               size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    out[offset + i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

MadeHeader MakeCabHeader(const PackedCabFolder& folder, uint64_t size) {
  MadeHeader header{};
  std::memcpy(header.data(), "MSCF", 4);
  PutNumber(header, 8, std::numeric_limits<uint32_t>::max(), 4);
  PutNumber(header, 16, 44, 4);      // coffFiles
  PutNumber(header, 24, 0x0103, 2);  // version
  PutNumber(header, 26, 1, 2);       // cFolders
  PutNumber(header, 28, 1, 2);       // cFiles
  PutNumber(header, 36, kMadeHeaderBytes, 4);
  PutNumber(header, 40, folder.blocks.size(), 2);
  PutNumber(header, 42, folder.type, 2);
  PutNumber(header, 44, size, 4);  // cbFile
  header[60] = 'x';                // szName
  return header;
}

// What is shared by the library's input and output.
struct CabStreams : mspack_system {
  CabStreams() : mspack_system() {}

  const PackedCabFolder* folder = nullptr;
  MadeHeader header{};
  CabBlockVisitor* visitor = nullptr;
  ByteSink* output = nullptr;
  uint64_t offset = 0;         // in the container, that was read last
  std::optional<Error> error;  // of visitor or output
};

// The library's handle of either. The base comes first, so that its pointers
// are ours.
struct CabStream : mspack_file {
  CabStreams* streams = nullptr;
  bool is_output = false;
  size_t position = 0;  // in the header, up to its end
  size_t block = 0;
  size_t in_block = 0;  // bytes, made header included
};

mspack_file* OpenStream(mspack_system* self, const char* /*name*/, int mode) {
  auto stream = std::make_unique<CabStream>();
  stream->streams = static_cast<CabStreams*>(self);
  stream->is_output = mode == MSPACK_SYS_OPEN_WRITE;
  return stream.release();
}

void CloseStream(mspack_file* file) {
  std::unique_ptr<CabStream>(static_cast<CabStream*>(file)).reset();
}

// Appends to `out` from `bytes`, from `*position`, as much as is there.
size_t Move(std::span<uint8_t> out, Bytes bytes, size_t position) {
  const size_t size = std::min(out.size(), bytes.size() - position);
  if (size > 0) {
    std::memcpy(out.data(), bytes.data() + position, size);
  }
  return size;
}

// The next piece of the block that `stream` is in; nothing after a visitor's
// error.
size_t ReadBlock(CabStream& stream, std::span<uint8_t> out) {
  CabStreams& streams = *stream.streams;
  const CabBlock& block = streams.folder->blocks[stream.block];
  if (stream.in_block == 0) {
    streams.offset = block.content;
    if (const auto entered = streams.visitor->Enter(stream.block); !entered) {
      streams.error = entered.error();
      return 0;
    }
  }
  size_t size = 0;
  if (stream.in_block < kMadeDataBytes) {
    std::array<uint8_t, kMadeDataBytes> header{};
    PutNumber(header, 4, block.packed, 2);
    PutNumber(header, 6, block.unpacked, 2);
    size = Move(out, header, stream.in_block);
  } else {
    size = Move(out,
                streams.folder->container.subspan(block.content, block.packed),
                stream.in_block - kMadeDataBytes);
  }
  stream.in_block += size;
  if (stream.in_block == kMadeDataBytes + block.packed) {
    ++stream.block;
    stream.in_block = 0;
  }
  return size;
}

int ReadStream(mspack_file* handle, void* buffer, int size) {
  auto& stream = *static_cast<CabStream*>(handle);
  if (stream.is_output || size < 0) {
    return -1;
  }
  std::span<uint8_t> out{static_cast<uint8_t*>(buffer),
                         static_cast<size_t>(size)};
  const size_t head = Move(out, stream.streams->header, stream.position);
  stream.position += head;
  out = out.subspan(head);
  while (!out.empty() && stream.block < stream.streams->folder->blocks.size()) {
    const size_t moved = ReadBlock(stream, out);
    if (moved == 0) {
      return -1;
    }
    out = out.subspan(moved);
  }
  return size - static_cast<int>(out.size());
}

int WriteStream(mspack_file* handle, void* buffer, int size) {
  auto& stream = *static_cast<CabStream*>(handle);
  if (!stream.is_output || size < 0) {
    return -1;
  }
  const auto written = stream.streams->output->Write(
      {static_cast<const uint8_t*>(buffer), static_cast<size_t>(size)});
  if (!written) {
    stream.streams->error = written.error();
    return -1;
  }
  return size;
}

// Only the header is jumped about in, and to the first block.
int SeekStream(mspack_file* handle, off_t offset, int mode) {
  auto& stream = *static_cast<CabStream*>(handle);
  if (stream.is_output || mode != MSPACK_SYS_SEEK_START || offset < 0 ||
      static_cast<uint64_t>(offset) > kMadeHeaderBytes) {
    return -1;
  }
  stream.position = static_cast<size_t>(offset);
  stream.block = 0;
  stream.in_block = 0;
  return 0;
}

off_t TellStream(mspack_file* handle) {
  return static_cast<off_t>(static_cast<CabStream*>(handle)->position);
}

void IgnoreMessage(mspack_file* /*file*/, const char* /*format*/, ...) {}

// Why zeros: a match of Quantum may reach to before the first byte of its
// window, which the library does not clear. It would bring out what this memory
// held before.
void* AllocateForLibrary(mspack_system* /*self*/, size_t size) {
  void* memory = ::operator new(size, std::nothrow);
  if (memory != nullptr) {
    std::memset(memory, 0, size);
  }
  return memory;
}

void ReleaseForLibrary(void* memory) { ::operator delete(memory); }

void CopyForLibrary(void* from, void* to, size_t size) {
  std::memcpy(to, from, size);
}

int ExtractAll(CabStreams& streams) {
  mscab_decompressor* library = mspack_create_cab_decompressor(&streams);
  if (library == nullptr) {
    return MSPACK_ERR_NOMEMORY;
  }
  int code = MSPACK_ERR_OK;
  mscabd_cabinet* cabinet = library->open(library, "folder");
  if (cabinet == nullptr) {
    code = library->last_error(library);
  } else {
    code = library->extract(library, cabinet->files, "content");
    library->close(library, cabinet);
  }
  mspack_destroy_cab_decompressor(library);
  return code;
}

}  // namespace

Result<void> DecompressCabFolder(const PackedCabFolder& folder, uint64_t size,
                                 CabBlockVisitor& visitor, ByteSink& output) {
  int wrong_abi = MSPACK_ERR_OK;
  MSPACK_SYS_SELFTEST(wrong_abi);
  CS_CHECK(wrong_abi == MSPACK_ERR_OK);
  if (size == 0) {
    return {};
  }
  CS_CHECK(size <= std::numeric_limits<uint32_t>::max() &&
           !folder.blocks.empty());
  CabStreams streams{};
  streams.open = OpenStream;
  streams.close = CloseStream;
  streams.read = ReadStream;
  streams.write = WriteStream;
  streams.seek = SeekStream;
  streams.tell = TellStream;
  streams.message = IgnoreMessage;
  streams.alloc = AllocateForLibrary;
  streams.free = ReleaseForLibrary;
  streams.copy = CopyForLibrary;
  streams.null_ptr = nullptr;
  streams.folder = &folder;
  streams.header = MakeCabHeader(folder, size);
  streams.visitor = &visitor;
  streams.output = &output;
  streams.offset = folder.blocks.front().content;
  const int code = ExtractAll(streams);
  if (streams.error) {
    return std::unexpected(*streams.error);
  }
  if (code != MSPACK_ERR_OK) {
    return base::Fail(
        code == MSPACK_ERR_NOMEMORY ? Fault::kLimit : Fault::kMalformed,
        streams.offset,
        code == MSPACK_ERR_NOMEMORY ? "memory of the decompressor"
                                    : "compressed data");
  }
  return {};
}

}  // namespace countersign::formats
