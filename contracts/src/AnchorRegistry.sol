// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IAnchorRegistry} from "./interfaces/IAnchorRegistry.sol";
import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";

/// @title AnchorRegistry
/// @notice See IAnchorRegistry for what it promises.
contract AnchorRegistry is IAnchorRegistry, EIP712 {
    struct Head {
        uint64 number;
        uint64 total;
        bytes32 lastRoot;
    }

    uint8 public constant ATTESTATIONS = 0;
    uint8 public constant ACCESS_LOG = 1;
    uint8 public constant REVOKED = 0;
    uint8 public constant SUPERSEDED = 1;
    uint32 public constant MAX_BATCH_SIZE = 2 ** 24 - 1;
    uint256 public constant MAX_STATUS_WORDS = 4096;

    bytes32 private constant BATCH_TYPEHASH = keccak256(
        "Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,bytes32 supersededDigest)"
    );
    bytes32 private constant STATUS_CHANGE_TYPEHASH = keccak256(
        "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason)"
    );
    uint8 private constant ISSUER = Role.DEPARTMENT | Role.REGISTRAR;
    uint16 private constant SUPERSEDED_BY_BATCH = 0;

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 member => mapping(uint8 stream => Head)) private _heads;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 member => mapping(uint8 stream => mapping(uint64 number => bytes32))) public anchorDigest;
    mapping(bytes32 member => mapping(uint8 plane => mapping(uint256 word => uint256))) private _status;
    /// @inheritdoc IAnchorRegistry
    mapping(bytes32 member => uint64 number) public statusNumber;

    constructor(IMemberRegistry members) EIP712("Credence", "1") {
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
        Head storage last = _heads[batch.member][batch.stream];
        uint64 start = last.total;
        uint64 next = last.number + 1;
        if (batch.number != next) revert BatchNumberNotNext(batch.number, next);
        if (batch.previousRoot != last.lastRoot) {
            revert BatchPreviousRootWrong(batch.previousRoot, last.lastRoot);
        }
        _requireSuperseded(batch, words, masks);
        uint8 roles = batch.stream == ATTESTATIONS ? ISSUER : ISSUER | Role.RELAYER;
        address key = _requireSigner(batchDigest(batch), signature, batch.member, roles);

        _anchor(last, batch, start, key);
        if (words.length != 0) {
            _requireBelow(words, masks, start);
            _setStatus(batch.member, SUPERSEDED, batch.number, SUPERSEDED_BY_BATCH, words, masks);
        }
    }

    /// @inheritdoc IAnchorRegistry
    function changeStatus(
        StatusChange calldata change,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[] calldata masks
    ) external {
        if (change.plane > SUPERSEDED) revert StatusPlaneUnknown(change.plane);
        if (change.reason == SUPERSEDED_BY_BATCH) revert StatusReasonZero();
        uint64 next = statusNumber[change.member] + 1;
        if (change.number != next) revert StatusNumberNotNext(change.number, next);
        if (words.length == 0) revert StatusListEmpty();
        bytes32 given = keccak256(abi.encode(words, masks));
        if (change.changesDigest != given) revert StatusChangesDigestWrong(change.changesDigest, given);
        _requireSigner(statusChangeDigest(change), signature, change.member, ISSUER);
        _requireBelow(words, masks, _heads[change.member][ATTESTATIONS].total);

        statusNumber[change.member] = next;
        _setStatus(change.member, change.plane, change.number, change.reason, words, masks);
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

    function _setStatus(
        bytes32 member,
        uint8 plane,
        uint64 number,
        uint16 reason,
        uint256[] calldata words,
        uint256[] calldata masks
    ) private {
        mapping(uint256 word => uint256) storage bitmap = _status[member][plane];
        for (uint256 i = 0; i < words.length; ++i) {
            bitmap[words[i]] |= masks[i];

            emit StatusChanged(member, plane, number, words[i], masks[i], reason);
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

    function _requireSigner(bytes32 digest, bytes calldata signature, bytes32 member, uint8 roles)
        private
        view
        returns (address key)
    {
        key = ECDSA.recoverCalldata(digest, signature);
        MEMBERS.requireActor(member, key, roles);
    }
}
