// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {CouncilOwned} from "./CouncilOwned.sol";
import {IAnchorRegistry} from "./interfaces/IAnchorRegistry.sol";
import {IMemberRegistry, KeyPurpose, Role} from "./interfaces/IMemberRegistry.sol";

/// @title AnchorRegistry
/// @notice See IAnchorRegistry for what it promises.
contract AnchorRegistry is IAnchorRegistry, CouncilOwned, EIP712 {
    struct Head {
        uint64 number;
        uint64 total;
        bytes32 lastRoot;
    }

    uint8 public constant ATTESTATIONS = 0;
    uint8 public constant ACCESS_LOG = 1;
    uint8 public constant REVOKED = 0;
    uint8 public constant SUPERSEDED = 1;
    uint16 public constant SUPERSEDED_BY_BATCH = 0;
    uint16 public constant NO_LONGER_USED = 1;
    uint16 public constant ERASED = 2;
    uint32 public constant MAX_BATCH_SIZE = 2 ** 24 - 1;
    uint256 public constant MAX_STATUS_WORDS = 600;

    bytes32 private constant BATCH_TYPEHASH = keccak256(
        "Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,bytes32 supersededDigest,uint64 deadline)"
    );
    bytes32 private constant STATUS_CHANGE_TYPEHASH = keccak256(
        "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason,uint64 deadline)"
    );
    uint8 private constant ISSUER = Role.DEPARTMENT | Role.REGISTRAR;

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 member => mapping(uint8 stream => Head)) private _heads;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 member => mapping(uint8 stream => mapping(uint64 number => bytes32))) public anchorDigest;
    mapping(bytes32 member => mapping(uint8 plane => mapping(uint256 word => uint256))) private _status;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 member => uint64 number) public statusNumber;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 member => mapping(bool byBatch => mapping(uint64 number => bytes32))) public markDigest;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 markDigest => bytes32) public clearDigest;

    constructor(address council, IMemberRegistry members) CouncilOwned(council) EIP712("Credence", "1") {
        MEMBERS = members;
    }

    /// @inheritdoc IAnchorRegistry
    function anchor(
        Batch calldata batch,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external {
        if (batch.stream > ACCESS_LOG) revert BatchStreamUnknown(batch.stream);
        if (batch.root == 0) revert BatchRootZero();
        if (batch.size == 0 || batch.size > MAX_BATCH_SIZE) revert BatchSizeInvalid(batch.size);
        if (block.timestamp > batch.deadline) revert BatchPastDeadline(batch.deadline);
        Head storage last = _heads[batch.member][batch.stream];
        uint64 start = last.total;
        uint64 next = last.number + 1;
        if (batch.number != next) revert BatchNumberNotNext(batch.number, next);
        if (batch.previousRoot != last.lastRoot) {
            revert BatchPreviousRootWrong(batch.previousRoot, last.lastRoot);
        }
        _requireSuperseded(batch, words, masks);
        address key = ECDSA.recoverCalldata(batchDigest(batch), signature);
        bool attests = batch.stream == ATTESTATIONS;
        MEMBERS.requireActor(
            batch.member,
            key,
            attests ? ISSUER : ISSUER | Role.RELAYER,
            attests ? KeyPurpose.ATTEST : KeyPurpose.LOG
        );

        _anchor(last, batch, start, key);
        if (words.length != 0) {
            _requireBelow(words, masks, start);
            Mark memory m = Mark({
                member: batch.member,
                plane: SUPERSEDED,
                number: batch.number,
                reason: SUPERSEDED_BY_BATCH,
                changesDigest: batch.supersededDigest,
                markedAt: uint64(block.timestamp),
                actor: batch.member,
                key: key
            });
            _mark(m, words, masks);
        }
    }

    /// @inheritdoc IAnchorRegistry
    function changeStatus(
        StatusChange calldata change,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external {
        if (block.timestamp > change.deadline) {
            revert StatusPastDeadline(change.deadline);
        }
        uint64 next = statusNumber[change.member] + 1;
        if (change.number != next) revert StatusNumberNotNext(change.number, next);
        bytes32 given = keccak256(abi.encode(words, masks));
        if (change.changesDigest != given) revert StatusChangesDigestWrong(change.changesDigest, given);
        address key = ECDSA.recoverCalldata(statusChangeDigest(change), signature);
        bytes32 actor = _requireActorFor(change.member, key, change.reason);

        Mark memory m = Mark({
            member: change.member,
            plane: change.plane,
            number: next,
            reason: change.reason,
            changesDigest: given,
            markedAt: uint64(block.timestamp),
            actor: actor,
            key: key
        });
        _changeStatus(m, words, masks);
    }

    /// @inheritdoc IAnchorRegistry
    function changeStatusFor(
        bytes32 member,
        uint8 plane,
        uint16 reason,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external onlyOwner {
        if (MEMBERS.member(member).state == IMemberRegistry.State.Active) {
            revert StatusMemberActive(member);
        }

        Mark memory m = Mark({
            member: member,
            plane: plane,
            number: statusNumber[member] + 1,
            reason: reason,
            changesDigest: keccak256(abi.encode(words, masks)),
            markedAt: uint64(block.timestamp),
            actor: 0,
            key: msg.sender
        });
        _changeStatus(m, words, masks);
    }

    /// @inheritdoc IAnchorRegistry
    function restore(Mark calldata mark, bytes32 clearDigest_) external onlyOwner {
        bytes32 digest = _requireMark(mark);
        if (!_isCompromised(mark)) revert StatusKeyGood(mark.key);

        clearDigest[digest] = clearDigest_;

        emit StatusRestoreAgreed(mark.member, digest, mark.key, clearDigest_);
    }

    /// @inheritdoc IAnchorRegistry
    function clear(
        Mark calldata mark,
        uint256[] calldata words,
        uint256[] calldata masks,
        uint256[] calldata cleared
    ) external {
        bytes32 digest = _requireMark(mark);
        _requireChanges(mark, words, masks);
        bytes32 given = keccak256(abi.encode(words, cleared));
        if (clearDigest[digest] != given) revert StatusClearNotAgreed(digest, given);
        if (cleared.length != words.length) revert StatusListsUneven(words.length, cleared.length);

        clearDigest[digest] = 0;
        mapping(uint256 word => uint256) storage bitmap = _status[mark.member][mark.plane];
        for (uint256 i = 0; i < words.length; ++i) {
            if (cleared[i] & ~masks[i] != 0) revert StatusClearBeyondMark(words[i]);
            if (cleared[i] != 0) bitmap[words[i]] &= ~cleared[i];
        }

        emit StatusRestored(mark.member, mark.plane, digest, words, cleared);
    }

    /// @inheritdoc IAnchorRegistry
    function confirm(Mark calldata mark, uint256[] calldata words, uint256[] calldata masks) external {
        bytes32 digest = _requireMark(mark);
        _requireChanges(mark, words, masks);
        if (_isCompromised(mark)) revert StatusKeyCompromised(mark.key);

        _set(mark.member, mark.plane, words, masks);

        emit StatusConfirmed(mark.member, mark.plane, digest, words, masks);
    }

    /// @inheritdoc IAnchorRegistry
    function head(bytes32 member, uint8 stream)
        external
        view
        returns (uint64 number, uint64 total, bytes32 lastRoot)
    {
        Head storage last = _heads[member][stream];
        return (last.number, last.total, last.lastRoot);
    }

    /// @inheritdoc IAnchorRegistry
    function isAnchored(Anchor calldata a) external view returns (bool) {
        return anchorDigest[a.member][a.stream][a.number] == keccak256(abi.encode(a));
    }

    /// @inheritdoc IAnchorRegistry
    function statusWords(bytes32 member, uint256[] calldata words)
        external
        view
        returns (uint256[] memory revoked, uint256[] memory superseded)
    {
        revoked = new uint256[](words.length);
        superseded = new uint256[](words.length);
        for (uint256 i = 0; i < words.length; ++i) {
            revoked[i] = _status[member][REVOKED][words[i]];
            superseded[i] = _status[member][SUPERSEDED][words[i]];
        }
    }

    /// @inheritdoc IAnchorRegistry
    function statusOf(bytes32 member, uint64 position) external view returns (bool revoked, bool superseded) {
        uint256 word = position >> 8;
        uint256 bit = 1 << (position & 0xff);
        revoked = _status[member][REVOKED][word] & bit != 0;
        superseded = _status[member][SUPERSEDED][word] & bit != 0;
    }

    /// @inheritdoc IAnchorRegistry
    function batchDigest(Batch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(BATCH_TYPEHASH, batch)));
    }

    /// @inheritdoc IAnchorRegistry
    function statusChangeDigest(StatusChange calldata change) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(STATUS_CHANGE_TYPEHASH, change)));
    }

    /// @dev Stores one fresh slot a batch, whatever its size.
    function _anchor(Head storage last, Batch calldata batch, uint64 start, address key) private {
        Anchor memory a = Anchor({
            member: batch.member,
            stream: batch.stream,
            number: batch.number,
            root: batch.root,
            size: batch.size,
            start: start,
            anchoredAt: uint64(block.timestamp),
            key: key
        });
        last.number = a.number;
        last.total = start + a.size;
        last.lastRoot = a.root;
        anchorDigest[a.member][a.stream][a.number] = keccak256(abi.encode(a));

        emit BatchAnchored(a.member, a.stream, a.number, a.root, a.size, a.start, a.anchoredAt, a.key);
    }

    /// @dev What every status change but a batch's has to be, whoever makes it.
    function _changeStatus(Mark memory m, uint256[] calldata words, uint256[] calldata masks) private {
        if (m.plane > SUPERSEDED) revert StatusPlaneUnknown(m.plane);
        bool known = m.reason == NO_LONGER_USED || (m.reason == ERASED && m.plane == REVOKED);
        if (!known) revert StatusReasonUnknown(m.reason, m.plane);
        if (words.length == 0) revert StatusListEmpty();
        _requireBelow(words, masks, _heads[m.member][ATTESTATIONS].total);

        statusNumber[m.member] = m.number;
        _mark(m, words, masks);
    }

    function _mark(Mark memory m, uint256[] calldata words, uint256[] calldata masks) private {
        markDigest[m.member][m.reason == SUPERSEDED_BY_BATCH][m.number] = keccak256(abi.encode(m));
        _set(m.member, m.plane, words, masks);

        emit StatusChanged(m.member, m.plane, m.number, m.reason, m.markedAt, m.actor, m.key, words, masks);
    }

    function _set(bytes32 member, uint8 plane, uint256[] calldata words, uint256[] calldata masks) private {
        mapping(uint256 word => uint256) storage bitmap = _status[member][plane];
        for (uint256 i = 0; i < words.length; ++i) {
            bitmap[words[i]] |= masks[i];
        }
    }

    function _requireSuperseded(Batch calldata batch, uint256[] calldata words, uint256[] calldata masks)
        private
        pure
    {
        bool empty = words.length == 0 && masks.length == 0;
        if (!empty && batch.stream != ATTESTATIONS) revert BatchCannotSupersede(batch.stream);
        bytes32 given = empty ? bytes32(0) : keccak256(abi.encode(words, masks));
        if (batch.supersededDigest != given) {
            revert BatchSupersededDigestWrong(batch.supersededDigest, given);
        }
        if (words.length != masks.length) revert StatusListsUneven(words.length, masks.length);
    }

    /// @dev Ascending words without empty masks: when the last word is below the total, so is every other one.
    function _requireBelow(uint256[] calldata words, uint256[] calldata masks, uint64 total) private pure {
        if (words.length != masks.length) revert StatusListsUneven(words.length, masks.length);
        if (words.length > MAX_STATUS_WORDS) revert StatusListTooLong(words.length, MAX_STATUS_WORDS);
        for (uint256 i = 0; i < words.length; ++i) {
            if (i != 0 && words[i] <= words[i - 1]) revert StatusWordsNotAscending(i);
            if (masks[i] == 0) revert StatusMaskEmpty(words[i]);
        }
        (uint256 word, uint256 mask) = (words[words.length - 1], masks[masks.length - 1]);
        uint256 end = total >> 8;
        if (word > end || (word == end && mask >> (total & 0xff) != 0)) {
            revert StatusPositionBeyondTotal(word, mask, total);
        }
    }

    /// @dev The member itself, or one that succeeds it in one to eight steps.
    function _requireActorFor(bytes32 member, address key, uint16 reason) private view returns (bytes32) {
        bytes32 actor = MEMBERS.actorOf(key, ISSUER, reason == ERASED ? KeyPurpose.ERASE : KeyPurpose.STATUS);
        if (actor != member && !MEMBERS.isSuccessor(actor, member)) revert StatusActorInvalid(member, actor);
        return actor;
    }

    function _requireMark(Mark calldata mark) private view returns (bytes32 digest) {
        digest = keccak256(abi.encode(mark));
        if (markDigest[mark.member][mark.reason == SUPERSEDED_BY_BATCH][mark.number] != digest) {
            revert StatusMarkUnknown(digest);
        }
    }

    function _requireChanges(Mark calldata mark, uint256[] calldata words, uint256[] calldata masks)
        private
        pure
    {
        bytes32 given = keccak256(abi.encode(words, masks));
        if (mark.changesDigest != given) revert StatusChangesDigestWrong(mark.changesDigest, given);
    }

    /// @dev The council's own address belongs to no member, so its marks are always good.
    function _isCompromised(Mark calldata mark) private view returns (bool) {
        uint64 from = MEMBERS.keyRecord(mark.actor, mark.key).compromisedFrom;
        return from != 0 && mark.markedAt >= from;
    }
}
