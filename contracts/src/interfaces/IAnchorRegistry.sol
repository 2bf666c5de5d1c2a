// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Where members anchor the roots of their batches and change the status of what they attested
/// @notice Authority comes from the signature, never from the sender: anyone may relay what a member's key signed
/// (EIP-712, domain name "Credence", version "1", this chain, this contract), until the deadline in it. Nobody writes for
/// another member but its successor, and the council for one that is not active.
///
/// A stream of a member (0: attestations, 1: access log) is a chain of batches 1, 2, 3, …: each names the root before it and
/// begins where the one before it ended. Position of a leaf = the batch's start + the leaf's index.
///
/// The status of a position of stream 0 is two bits, each in a bitmap, 256 positions a word (bit p % 256 of word p / 256):
///
///     plane 0, revoked:      0 --changeStatus, changeStatusFor--> 1
///     plane 1, superseded:   0 --anchor (the lists of a newer batch), changeStatus, changeStatusFor--> 1
///     both:                  1 --clear--> 0      only what a key set from its compromise on, after the council's restore
///                            0 --confirm--> 1    again, what a good key had set as well
///
/// A list of changes is (words, masks): words strictly ascending, no mask empty, every position below the stream's total
/// (for a batch: the total before it), at most 600 words, so that a transaction stays below 16.7 million gas. What is longer
/// is split: a batch's list goes on in status changes. Its digest is keccak256(abi.encode(words, masks)).
///
/// Every list that sets bits leaves a Mark, whose hash is stored: who set what with which key, and when. A key's marks from
/// its compromise on are undone in two steps, since lists are too long for a proposal:
///
///     restore   the council, with delay, agrees on the digest of (words, cleared): what is to go, a part of the mark. It
///               leaves out what the mark of a good key names as well
///     clear     anyone shows the lists of the mark and what is to go; it works once
///     confirm   anyone shows the mark of a good key, and its bits are set (again): what restore overlooked, or what was set
///               between restore and clear
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0      address owner
///     slot 1, 2   unused fallbacks of the EIP-712 domain's name and version
///     slot 3      mapping(bytes32 member => mapping(uint8 stream => Head)), at h = stream . (member . 3)
///                 h + 0: number (bits 0-63), total (64-127); h + 1: lastRoot
///     slot 4      mapping(bytes32 member => mapping(uint8 stream => mapping(uint64 number => bytes32))),
///                 at number . (stream . (member . 4)): keccak256(abi.encode(Anchor)); zero: not anchored
///     slot 5      mapping(bytes32 member => mapping(uint8 plane => mapping(uint256 word => uint256))),
///                 at word . (plane . (member . 5))
///     slot 6      mapping(bytes32 member => uint64 number of the last status change), at member . 6
///     slot 7      mapping(bytes32 member => mapping(bool byBatch => mapping(uint64 number => bytes32))),
///                 at number . (byBatch . (member . 7)): keccak256(abi.encode(Mark)); zero: nothing set
///     slot 8      mapping(bytes32 markDigest => bytes32), at markDigest . 8: digest of what is to be cleared; zero: nothing
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
        uint64 deadline;
    }

    /// @notice What a member, or its successor, signs to change a status. Numbers are the member's own, from 1. Reasons:
    /// 1 no longer used, 2 erased (plane 0 only); 0 is kept for batches.
    struct StatusChange {
        bytes32 member;
        uint64 number;
        uint8 plane;
        bytes32 changesDigest;
        uint16 reason;
        uint64 deadline;
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

    /// @notice A list that set bits, as it is on record: only the hash of this is stored. Reason 0: `number` is the batch's
    /// in stream 0; any other: the status change's. `actor` is the member, its successor, or zero for the council, whose
    /// address is then the key.
    struct Mark {
        bytes32 member;
        uint8 plane;
        uint64 number;
        uint16 reason;
        bytes32 changesDigest;
        uint64 markedAt;
        bytes32 actor;
        address key;
    }

    /// @notice A batch was anchored.
    /// @dev Invariants: once for (member, stream, number); numbers are consecutive from 1; start = the sum of the sizes
    /// before; anchoredAt = the block's time, when `key` was a valid key of the active member in a fitting role and for a
    /// fitting purpose; the fields are an Anchor whose hash is stored.
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

    /// @notice The positions of the masks in the words have this status from now on, if they had not before.
    /// @dev Invariants: as lists above; the hash of the Mark that these fields are is stored; a number once for a member,
    /// consecutive from 1, where the reason is not 0. Reason 0: superseded by batch `number` of stream 0.
    event StatusChanged(
        bytes32 indexed member,
        uint8 indexed plane,
        uint64 indexed number,
        uint16 reason,
        uint64 markedAt,
        bytes32 actor,
        address key,
        uint256[] words,
        uint256[] masks
    );

    /// @notice The council agreed that what `clearDigest` names of this mark is to be cleared; zero: nothing any more.
    /// @dev Invariant: the mark is on record, and its key was compromised when it was set.
    event StatusRestoreAgreed(
        bytes32 indexed member, bytes32 indexed markDigest, address indexed key, bytes32 clearDigest
    );

    /// @notice The positions of `cleared` in the words have not this status any more.
    /// @dev Invariant: after a StatusRestoreAgreed of this mark and list, at most once for each.
    event StatusRestored(
        bytes32 indexed member,
        uint8 indexed plane,
        bytes32 indexed markDigest,
        uint256[] words,
        uint256[] cleared
    );

    /// @notice The positions of the masks in the words have this status again, if they had not.
    /// @dev Invariant: a mark on record of a key that was not compromised when it was set.
    event StatusConfirmed(
        bytes32 indexed member,
        uint8 indexed plane,
        bytes32 indexed markDigest,
        uint256[] words,
        uint256[] masks
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
    /// @notice What was signed had to be on record by then.
    error BatchPastDeadline(uint64 deadline);
    /// @notice The plane is neither 0 nor 1.
    error StatusPlaneUnknown(uint8 plane);
    /// @notice The reason is neither 1 nor, in plane 0, 2.
    error StatusReasonUnknown(uint16 reason, uint8 plane);
    /// @notice The number is not the one after the last: recorded before, or too early.
    error StatusNumberNotNext(uint64 number, uint64 next);
    /// @notice The lists are not the ones that were signed.
    error StatusChangesDigestWrong(bytes32 signed, bytes32 given);
    /// @notice What was signed had to be on record by then.
    error StatusPastDeadline(uint64 deadline);
    /// @notice The key is neither the member's nor a successor's.
    error StatusActorInvalid(bytes32 member, bytes32 actor);
    /// @notice The council changes the status only for a member that is suspended or has left.
    error StatusMemberActive(bytes32 member);
    /// @notice A status change names at least one position.
    error StatusListEmpty();
    /// @notice Both lists have the same length.
    error StatusListsUneven(uint256 words, uint256 masks);
    /// @notice A list has at most 600 words.
    error StatusListTooLong(uint256 length, uint256 limit);
    /// @notice The words are not strictly ascending.
    error StatusWordsNotAscending(uint256 index);
    /// @notice A mask is empty.
    error StatusMaskEmpty(uint256 word);
    /// @notice A position is not below the total.
    error StatusPositionBeyondTotal(uint256 word, uint256 mask, uint64 total);
    /// @notice No such mark is on record.
    error StatusMarkUnknown(bytes32 markDigest);
    /// @notice The mark's key was not compromised when it was set.
    error StatusKeyGood(address key);
    /// @notice The mark's key was compromised when it was set.
    error StatusKeyCompromised(address key);
    /// @notice This is not what the council agreed to clear.
    error StatusClearNotAgreed(bytes32 markDigest, bytes32 given);
    /// @notice What is to be cleared is not a part of the mark.
    error StatusClearBeyondMark(uint256 word);

    /// @notice Anchors a batch that a key of its member signed, and marks what it supersedes. Anyone may call: the
    /// signature is the authority.
    /// @dev Stream 0 takes DEPARTMENT or REGISTRAR and the purpose ATTEST; stream 1 takes RELAYER as well and the purpose
    /// LOG. Reverts with the member registry's errors when the signer may not act now, and with ECDSA's for a malformed
    /// signature.
    function anchor(
        Batch calldata batch,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external;

    /// @notice Sets status bits that a key of their member, or of its successor, signed for. Anyone may call: the signature
    /// is the authority.
    /// @dev Takes DEPARTMENT or REGISTRAR and the purpose STATUS, for the reason "erased" ERASE; reverts as anchor does.
    function changeStatus(
        StatusChange calldata change,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external;

    /// @notice Sets status bits for a member that is suspended or has left. Council only: nobody else can any more. Gives.
    function changeStatusFor(
        bytes32 member,
        uint8 plane,
        uint16 reason,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external;

    /// @notice Agrees on what is to be cleared of a mark that a compromised key left; zero takes that back. Council only:
    /// it says which keys are compromised. Gives.
    function restore(Mark calldata mark, bytes32 clearDigest) external;

    /// @notice Clears what the council agreed on. Anyone may call: it says nothing new.
    /// @param masks The mark's.
    /// @param cleared What is to go of each mask.
    function clear(
        Mark calldata mark,
        uint256[] calldata words,
        uint256[] calldata masks,
        uint256[] calldata cleared
    ) external;

    /// @notice Sets again what a good key had set. Anyone may call: it says nothing new.
    function confirm(Mark calldata mark, uint256[] calldata words, uint256[] calldata masks) external;

    /// @notice The end of a stream: last number, total of the sizes, last root; zeros if nothing was anchored.
    function head(bytes32 member, uint8 stream)
        external
        view
        returns (uint64 number, uint64 total, bytes32 lastRoot);

    /// @notice The number of the member's last status change; the next one takes this + 1.
    function statusNumber(bytes32 member) external view returns (uint64);

    /// @notice keccak256(abi.encode(Anchor)) of the batch; zero if it was not anchored.
    function anchorDigest(bytes32 member, uint8 stream, uint64 number) external view returns (bytes32);

    /// @notice keccak256(abi.encode(Mark)) of what a batch, or a status change, set; zero if it set nothing.
    function markDigest(bytes32 member, bool byBatch, uint64 number) external view returns (bytes32);

    /// @notice Digest of what the council agreed to clear of a mark and nobody has cleared yet; zero: nothing.
    function clearDigest(bytes32 markDigest_) external view returns (bytes32);

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
