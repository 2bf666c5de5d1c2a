// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ICouncil} from "./interfaces/ICouncil.sol";

/// @title Council
/// @notice See ICouncil for what it promises.
contract Council is ICouncil {
    struct Proposal {
        State state;
        uint64 expiresAt;
        address proposer;
        bytes32 digest;
        Call[] calls;
    }

    uint64 public constant PROPOSAL_LIFETIME = 30 days;
    uint256 public constant MAX_CALLS = 64;
    uint256 public constant MAX_GOVERNORS = 64;

    /// @inheritdoc ICouncil
    uint256 public threshold;
    address[] private _governors;
    uint256 private _terms;
    mapping(address governor => uint256 term) private _term;
    /// @inheritdoc ICouncil
    uint256 public proposalCount;
    mapping(uint256 number => Proposal) private _proposals;
    mapping(bytes32 digest => mapping(address governor => uint256 term)) private _approvals;

    modifier onlyGovernor() {
        if (_term[msg.sender] == 0) revert GovernorUnknown(msg.sender);
        _;
    }

    modifier onlySelf() {
        if (msg.sender != address(this)) revert CouncilOnlyItself(msg.sender);
        _;
    }

    constructor(address[] memory governors_, uint256 threshold_) {
        for (uint256 i = 0; i < governors_.length; ++i) {
            _addGovernor(governors_[i]);
        }
        _setThreshold(threshold_);
    }

    /// @inheritdoc ICouncil
    function propose(Call[] calldata calls_) external onlyGovernor returns (uint256 number) {
        number = _propose(calls_);
        _approve(number);
    }

    /// @inheritdoc ICouncil
    function approve(uint256 number) external onlyGovernor {
        _approve(number);
    }

    /// @inheritdoc ICouncil
    function execute(uint256 number) external onlyGovernor {
        _execute(number);
    }

    /// @inheritdoc ICouncil
    function proposeAndExecute(Call[] calldata calls_) external onlyGovernor returns (uint256 number) {
        number = _propose(calls_);
        _approve(number);
        _execute(number);
    }

    /// @inheritdoc ICouncil
    function addGovernor(address governor) external onlySelf {
        _addGovernor(governor);
    }

    /// @inheritdoc ICouncil
    function removeGovernor(address governor) external onlySelf {
        _removeGovernor(governor);
    }

    /// @inheritdoc ICouncil
    function setThreshold(uint256 threshold_) external onlySelf {
        _setThreshold(threshold_);
    }

    /// @inheritdoc ICouncil
    function governors() external view returns (address[] memory) {
        return _governors;
    }

    /// @inheritdoc ICouncil
    function isGovernor(address account) external view returns (bool) {
        return _term[account] != 0;
    }

    /// @inheritdoc ICouncil
    function proposal(uint256 number)
        external
        view
        returns (State state, uint64 expiresAt, address proposer, bytes32 digest, uint256 approvals)
    {
        Proposal storage p = _proposals[number];
        return (p.state, p.expiresAt, p.proposer, p.digest, _countApprovals(p.digest));
    }

    /// @inheritdoc ICouncil
    function calls(uint256 number) external view returns (Call[] memory) {
        return _proposals[number].calls;
    }

    /// @inheritdoc ICouncil
    function hasApproved(uint256 number, address governor) external view returns (bool) {
        return _counts(_proposals[number].digest, governor);
    }

    /// @inheritdoc ICouncil
    function callsDigest(uint256 number, Call[] calldata calls_) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), number, calls_));
    }

    function _propose(Call[] calldata calls_) private returns (uint256 number) {
        if (calls_.length == 0 || calls_.length > MAX_CALLS) revert ProposalCallCountInvalid(calls_.length);

        number = ++proposalCount;
        Proposal storage p = _proposals[number];
        p.state = State.Open;
        p.expiresAt = uint64(block.timestamp) + PROPOSAL_LIFETIME;
        p.proposer = msg.sender;
        p.digest = callsDigest(number, calls_);
        for (uint256 i = 0; i < calls_.length; ++i) {
            p.calls.push(calls_[i]);
        }

        emit ProposalOpened(number, msg.sender, p.digest, p.expiresAt, calls_);
    }

    function _approve(uint256 number) private {
        bytes32 digest = _requireOpen(number).digest;
        if (_counts(digest, msg.sender)) revert ProposalAlreadyApproved(number, msg.sender);

        _approvals[digest][msg.sender] = _term[msg.sender];

        emit ProposalApproved(number, msg.sender, digest);
    }

    function _execute(uint256 number) private {
        Proposal storage p = _requireOpen(number);
        uint256 approvals = _countApprovals(p.digest);
        if (approvals < threshold) revert ProposalLacksApprovals(number, approvals, threshold);

        // before the calls, so that none of them can execute it a second time
        p.state = State.Executed;

        emit ProposalExecuted(number, msg.sender);

        uint256 count = p.calls.length;
        for (uint256 i = 0; i < count; ++i) {
            address target = p.calls[i].target;
            if (target.code.length == 0) revert CouncilTargetWithoutCode(i, target);
            (bool ok, bytes memory data) = target.call(p.calls[i].data);
            if (!ok) revert CouncilCallFailed(i, data);
        }
    }

    function _addGovernor(address governor) private {
        if (governor == address(0) || governor == address(this)) revert GovernorInvalid(governor);
        if (_term[governor] != 0) revert GovernorExists(governor);
        if (_governors.length == MAX_GOVERNORS) revert GovernorLimitReached(MAX_GOVERNORS);

        _term[governor] = ++_terms;
        _governors.push(governor);

        emit GovernorAdded(governor);
    }

    function _removeGovernor(address governor) private {
        if (_term[governor] == 0) revert GovernorUnknown(governor);
        uint256 last = _governors.length - 1;
        if (last < threshold) revert CouncilThresholdInvalid(threshold, last);

        delete _term[governor];
        for (uint256 i = 0; i < last; ++i) {
            if (_governors[i] == governor) {
                _governors[i] = _governors[last];
                break;
            }
        }
        _governors.pop();

        emit GovernorRemoved(governor);
    }

    function _setThreshold(uint256 threshold_) private {
        if (threshold_ == 0 || threshold_ > _governors.length) {
            revert CouncilThresholdInvalid(threshold_, _governors.length);
        }

        threshold = threshold_;

        emit ThresholdChanged(threshold_);
    }

    function _requireOpen(uint256 number) private view returns (Proposal storage p) {
        p = _proposals[number];
        if (p.state == State.None) revert ProposalUnknown(number);
        if (p.state != State.Open) revert ProposalNotOpen(number, p.state);
        if (block.timestamp > p.expiresAt) revert ProposalExpired(number, p.expiresAt);
    }

    function _counts(bytes32 digest, address governor) private view returns (bool) {
        uint256 term = _term[governor];
        return term != 0 && _approvals[digest][governor] == term;
    }

    function _countApprovals(bytes32 digest) private view returns (uint256 count) {
        for (uint256 i = 0; i < _governors.length; ++i) {
            if (_counts(digest, _governors[i])) ++count;
        }
    }
}
