// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Where members anchor the roots of their batches and change the status of what they attested
/// @notice Authority comes from the signature, never from the sender: anyone may relay what a member's key signed
/// (EIP-712, domain name "Credence", version "1", this chain, this contract). Nobody writes for another member.
///
/// A stream of a member (0: attestations, 1: access log) is a chain of batches 1, 2, 3, …: each names the root before it and
/// begins where the one before it ended. Position of a leaf = the batch's start + the leaf's index.
///
/// The status of a position of stream 0 is two bits, each in a set-only bitmap, 256 positions a word (bit p % 256 of word
/// p / 256):
///
///     plane 0, revoked:      0 --changeStatus--> 1    final
///     plane 1, superseded:   0 --anchor (the lists of a newer batch), changeStatus--> 1    final
///
/// A list of changes is (words, masks): words strictly ascending, no mask empty, every position below the stream's total
/// (for a batch: the total before it), at most 4,096 words. Its digest is keccak256(abi.encode(words, masks)).
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0, 1   unused fallbacks of the EIP-712 domain's name and version
///     slot 2      mapping(bytes32 member => mapping(uint8 stream => Head)), at h = stream . (member . 2)
///                 h + 0: number (bits 0-63), total (64-127); h + 1: lastRoot
///     slot 3      mapping(bytes32 member => mapping(uint8 stream => mapping(uint64 number => bytes32))),
///                 at number . (stream . (member . 3)): keccak256(abi.encode(Anchor)); zero: not anchored
///     slot 4      mapping(bytes32 member => mapping(uint8 plane => mapping(uint256 word => uint256))),
///                 at word . (plane . (member . 4))
///     slot 5      mapping(bytes32 member => uint64 number of the last status change), at member . 5
interface IAnchorRegistry {
    /// @notice What a member signs to anchor a batch. `supersededDigest` is zero when nothing is superseded.
    struct Batch {
        bytes32 member;
        uint8 stream;
        uint64 number;
        bytes32 root;
        uint32 size;
        bytes32 previousRoot;
        bytes32 supersededDigest;
    }

    /// @notice What a member signs to change a status. Numbers are its own, from 1. Reason 0 is kept for batches.
    struct StatusChange {
        bytes32 member;
        uint64 number;
        uint8 plane;
        bytes32 changesDigest;
        uint16 reason;
    }

    /// @notice An anchored batch as it is on record: only the hash of this is stored.
    struct Anchor {
        bytes32 member;
        uint8 stream;
        uint64 number;
        bytes32 root;
        uint32 size;
        uint64 start;
        uint64 anchoredAt;
        address key;
    }

    /// @notice A batch was anchored.
    /// @dev Invariants: once for (member, stream, number); numbers are consecutive from 1; start = the sum of the sizes
    /// before; anchoredAt = the block's time, when `key` was a valid key of the active member in a fitting role; the fields
    /// are an Anchor whose hash is stored.
    event BatchAnchored(
        bytes32 indexed member,
        uint8 indexed stream,
        uint64 indexed number,
        bytes32 root,
        uint32 size,
        uint64 start,
        uint64 anchoredAt,
        address key
    );

    /// @notice The positions of `mask` in `word` have this status from now on, if they had not before.
    /// @dev Invariants: mask is not empty; every position is below the stream's total; no position ever loses a status.
    /// Reason 0: superseded by batch `number` of stream 0. Any other: by the member's status change `number`.
    event StatusChanged(
        bytes32 indexed member,
        uint8 indexed plane,
        uint64 indexed number,
        uint256 word,
        uint256 mask,
        uint16 reason
    );

    /// @notice The stream is neither 0 nor 1.
    error BatchStreamUnknown(uint8 stream);
    /// @notice A root is not zero.
    error BatchRootZero();
    /// @notice A batch has 1 to 2^24 - 1 leaves.
    error BatchSizeInvalid(uint32 size);
    /// @notice The number is not the one after the last: anchored before, or too early.
    error BatchNumberNotNext(uint64 number, uint64 next);
    /// @notice The batch does not continue the last root.
    error BatchPreviousRootWrong(bytes32 previousRoot, bytes32 lastRoot);
    /// @notice Only batches of attestations supersede.
    error BatchCannotSupersede(uint8 stream);
    /// @notice The lists are not the ones that were signed.
    error BatchSupersededDigestWrong(bytes32 signed, bytes32 given);
    /// @notice The plane is neither 0 nor 1.
    error StatusPlaneUnknown(uint8 plane);
    /// @notice Reason 0 means "superseded by a batch".
    error StatusReasonZero();
    /// @notice The number is not the one after the last: recorded before, or too early.
    error StatusNumberNotNext(uint64 number, uint64 next);
    /// @notice The lists are not the ones that were signed.
    error StatusChangesDigestWrong(bytes32 signed, bytes32 given);
    /// @notice A status change names at least one position.
    error StatusListEmpty();
    /// @notice Both lists have the same length.
    error StatusListsUneven(uint256 words, uint256 masks);
    /// @notice A list has at most 4,096 words.
    error StatusListTooLong(uint256 length, uint256 limit);
    /// @notice The words are not strictly ascending.
    error StatusWordsNotAscending(uint256 index);
    /// @notice A mask is empty.
    error StatusMaskEmpty(uint256 word);
    /// @notice A position is not below the total.
    error StatusPositionBeyondTotal(uint256 word, uint256 mask, uint64 total);

    /// @notice Anchors a batch that a key of its member signed, and marks what it supersedes. Anyone may call.
    /// @dev Stream 0 takes DEPARTMENT or REGISTRAR, stream 1 takes RELAYER as well. Reverts with the member registry's
    /// errors when the signer may not act now, and with ECDSA's for a malformed signature.
    function anchor(
        Batch calldata batch,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external;

    /// @notice Sets status bits that a key of their member signed for. Anyone may call.
    /// @dev Takes DEPARTMENT or REGISTRAR; reverts as anchor does.
    function changeStatus(
        StatusChange calldata change,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external;

    /// @notice The end of a stream: last number, total of the sizes, last root; zeros if nothing was anchored.
    function head(bytes32 member, uint8 stream)
        external
        view
        returns (uint64 number, uint64 total, bytes32 lastRoot);

    /// @notice The number of the member's last status change; the next one takes this + 1.
    function statusNumber(bytes32 member) external view returns (uint64);

    /// @notice keccak256(abi.encode(Anchor)) of the batch; zero if it was not anchored.
    function anchorDigest(bytes32 member, uint8 stream, uint64 number) external view returns (bytes32);

    /// @notice Whether exactly this is on record.
    function isAnchored(Anchor calldata a) external view returns (bool);

    /// @notice Words of both bitmaps, in the order asked for.
    function statusWords(bytes32 member, uint256[] calldata words)
        external
        view
        returns (uint256[] memory revoked, uint256[] memory superseded);

    /// @notice The status of one position; (false, false) says nothing about whether the position is in use.
    function statusOf(bytes32 member, uint64 position) external view returns (bool revoked, bool superseded);

    /// @notice The EIP-712 digest that a key signs to anchor the batch.
    function batchDigest(Batch calldata batch) external view returns (bytes32);

    /// @notice The EIP-712 digest that a key signs to change a status.
    function statusChangeDigest(StatusChange calldata change) external view returns (bytes32);
}
